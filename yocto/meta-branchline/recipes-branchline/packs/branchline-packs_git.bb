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

# What the packs partition of a box is filled with, whatever slot runs.
do_deploy[depends] += "squashfs-tools-native:do_populate_sysroot branchline-builder-native:do_populate_sysroot"
do_deploy() {
    branchline-builder part packs --packs ${BRANCHLINE_PACKS} --work ${WORKDIR}/parts
    install -m 0644 ${WORKDIR}/parts/packs.img ${DEPLOYDIR}/branchline-packs.squashfs
}
addtask deploy after do_compile before do_build
