SUMMARY = "Branchline's image builder, for the build machine"
DESCRIPTION = "The crate board/builder of the workspace: it lays out root, seal, command line and disk as the board states them, \
               for this route and for the Debian one."
SECTION = "devel"
LICENSE = "Apache-2.0 | MIT"
LIC_FILES_CHKSUM = "file://LICENSE-MIT;md5=c21743e6f6151feac2a0f2158c145066"

PV = "${@branchline.stated.version(d.getVar('BRANCHLINE_ROOT'))}"
CVE_PRODUCT = "branchline"

inherit cargo externalsrc
inherit_defer native

require recipes-branchline/branchline/branchline-crates.inc

EXTERNALSRC = "${BRANCHLINE_ROOT}"
EXTERNALSRC_SYMLINKS = ""

CARGO_BUILD_FLAGS += "--package image"

do_install() {
    install -D -m 0755 ${B}/target/${CARGO_TARGET_SUBDIR}/image ${D}${bindir}/branchline-builder
}
