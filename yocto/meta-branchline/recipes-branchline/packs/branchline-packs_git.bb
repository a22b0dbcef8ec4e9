SUMMARY = "Model packs of the box: recognition, voice activity, emotion"
DESCRIPTION = "The default packs of models/manifest.toml, as scripts/models made them; every file is compared with the manifest's SHA-256."
SECTION = "net"
LICENSE = "MIT & Apache-2.0"
LIC_FILES_CHKSUM = "file://${BRANCHLINE_ROOT}/LICENSE-MIT;md5=c21743e6f6151feac2a0f2158c145066"

PV = "${@branchline.stated.version(d.getVar('BRANCHLINE_ROOT'))}"
CVE_PRODUCT = "branchline"

inherit allarch

# Weights are in no repository: scripts/models --packs makes this folder. Packs of our own lie in the workspace.
BRANCHLINE_PACKS ??= "${BRANCHLINE_ROOT}/.cache/packs"

do_configure[noexec] = "1"

python do_compile() {
    from pathlib import Path
    wrong = []
    for pack in branchline.stated.packs(d.getVar('BRANCHLINE_ROOT')):
        wrong += branchline.stated.wrong_files(pack, branchline.stated.pack_folder(d.getVar('BRANCHLINE_ROOT'), d.getVar('BRANCHLINE_PACKS'), pack))
    if wrong:
        bb.fatal("packs are not the manifest's:\n  %s\nrun scripts/models --packs %s" % ('\n  '.join(wrong), d.getVar('BRANCHLINE_PACKS')))
}
do_compile[file-checksums] += "${BRANCHLINE_ROOT}/models/manifest.toml:True"

python do_install() {
    from pathlib import Path
    import shutil
    for pack in branchline.stated.packs(d.getVar('BRANCHLINE_ROOT')):
        source = branchline.stated.pack_folder(d.getVar('BRANCHLINE_ROOT'), d.getVar('BRANCHLINE_PACKS'), pack)
        for file in pack['files'].values():
            target = Path(d.getVar('D') + d.getVar('nonarch_libdir'), 'branchline/packs', pack['name'], file['path'])
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / file['path'], target)
}

FILES:${PN} += "${nonarch_libdir}/branchline/packs"
