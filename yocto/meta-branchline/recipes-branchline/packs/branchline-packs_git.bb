SUMMARY = "Model packs of the box: recognition, voice activity, emotion"
DESCRIPTION = "The default packs of models/manifest.toml, as scripts/models made them; every file is compared with the manifest's SHA-256."
SECTION = "net"
LICENSE = "MIT & Apache-2.0"
LIC_FILES_CHKSUM = "file://${BRANCHLINE_ROOT}/LICENSE-MIT;md5=c21743e6f6151feac2a0f2158c145066"

PV = "${@branchline.stated.version(d.getVar('BRANCHLINE_ROOT'))}"
CVE_PRODUCT = "branchline"

inherit allarch deploy nopackages

# Weights are in no repository: scripts/models --packs makes this folder. Packs of our own lie in the workspace.
BRANCHLINE_PACKS ??= "${BRANCHLINE_ROOT}/.cache/packs"

do_configure[noexec] = "1"
do_install[noexec] = "1"

python do_compile() {
    wrong = []
    for pack in branchline.stated.packs(d.getVar('BRANCHLINE_ROOT')):
        wrong += branchline.stated.wrong_files(pack, branchline.stated.pack_folder(d.getVar('BRANCHLINE_ROOT'), d.getVar('BRANCHLINE_PACKS'), pack))
    if wrong:
        bb.fatal("packs are not the manifest's:\n  %s\nrun scripts/models --packs %s" % ('\n  '.join(wrong), d.getVar('BRANCHLINE_PACKS')))
}
do_compile[file-checksums] += "${BRANCHLINE_ROOT}/models/manifest.toml:True"

# What /data/packs of a box is filled with: packs lie on the data partition, whatever slot runs.
python do_deploy() {
    import tarfile
    with tarfile.open(os.path.join(d.getVar('DEPLOYDIR'), 'branchline-packs.tar'), 'w') as archive:
        for pack in sorted(branchline.stated.packs(d.getVar('BRANCHLINE_ROOT')), key=lambda pack: pack['name']):
            source = branchline.stated.pack_folder(d.getVar('BRANCHLINE_ROOT'), d.getVar('BRANCHLINE_PACKS'), pack)
            for path in sorted(file['path'] for file in pack['files'].values()):
                about = archive.gettarinfo(source / path, '%s/%s' % (pack['name'], path))
                about.uid = about.gid = 0
                about.uname = about.gname = 'root'
                about.mtime = int(d.getVar('SOURCE_DATE_EPOCH') or 0)
                with (source / path).open('rb') as content:
                    archive.addfile(about, content)
}
addtask deploy after do_compile before do_build
