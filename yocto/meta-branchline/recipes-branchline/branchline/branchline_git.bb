SUMMARY = "The box's program: telephony, queues, the page, all in one"
DESCRIPTION = "Built from the workspace that this layer stands in. Users and unit files are read where they are written; \
               units are enabled and masked by the image, by board/common/units."
SECTION = "net"
LICENSE = "Apache-2.0 | MIT"
LIC_FILES_CHKSUM = "file://LICENSE-MIT;md5=c21743e6f6151feac2a0f2158c145066 \
                    file://LICENSE-APACHE;md5=22a53954e4e0ec258dfce4391e905dac"

DEPENDS = "alsa-lib cmake-native"

PV = "${@branchline.stated.version(d.getVar('BRANCHLINE_ROOT'))}"
CVE_PRODUCT = "branchline"

inherit cargo cargo-update-recipe-crates externalsrc features_check pkgconfig systemd useradd

# Kept equal to Cargo.lock by scripts/crates-inc; a test says when it is not.
require branchline-crates.inc

EXTERNALSRC = "${BRANCHLINE_ROOT}"
EXTERNALSRC_SYMLINKS = ""
REQUIRED_DISTRO_FEATURES = "alsa systemd"

CARGO_BUILD_FLAGS += "--package gateway --bin branchline --features gateway/embed-ui"

SYSTEMD_SERVICE:${PN} = "${@' '.join(branchline.stated.units(d.getVar('BRANCHLINE_ROOT')))}"
SYSTEMD_AUTO_ENABLE = "disable"
USERADD_PACKAGES = "${PN}"
USERADD_PARAM:${PN} = "${@branchline.stated.users(d.getVar('BRANCHLINE_ROOT'))}"

do_configure:append() {
    if [ ! -f ${S}/web-ui/dist/index.html ]; then
        bbfatal "the page is not built: run scripts/build ui in ${S} first"
    fi
}

do_install() {
    install -D -m 0755 ${B}/target/${CARGO_TARGET_SUBDIR}/branchline ${D}${bindir}/branchline
    install -d ${D}${systemd_system_unitdir}
    install -m 0644 ${S}/appliance/gateway/dist/*.service ${S}/appliance/gateway/dist/*.socket \
        ${S}/appliance/gateway/dist/*.timer ${D}${systemd_system_unitdir}
}

FILES:${PN} += "${systemd_system_unitdir}"
# What libasound reads before any sound card; who trusts whom on the way to central; which hour a flow is in.
RDEPENDS:${PN} = "alsa-conf ca-certificates tzdata"
