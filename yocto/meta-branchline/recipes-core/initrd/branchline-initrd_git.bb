SUMMARY = "What opens the verified root"
DESCRIPTION = "board/common/initrd/init of the repository, as the Debian route uses it. Its list of modules is empty here: \
               this route's kernel has the way to the disk built in."
SECTION = "base"
LICENSE = "Apache-2.0 | MIT"
LIC_FILES_CHKSUM = "file://${BRANCHLINE_ROOT}/LICENSE-MIT;md5=c21743e6f6151feac2a0f2158c145066"

PV = "${@branchline.stated.version(d.getVar('BRANCHLINE_ROOT'))}"
CVE_PRODUCT = "branchline"

inherit allarch

do_configure[noexec] = "1"
do_compile[noexec] = "1"

do_install() {
    install -m 0755 ${BRANCHLINE_ROOT}/board/common/initrd/init ${D}/init
    install -d ${D}${sysconfdir} ${D}/dev ${D}/proc ${D}/sys ${D}/run ${D}/sysroot
    : > ${D}${sysconfdir}/modules
}
do_install[file-checksums] += "${BRANCHLINE_ROOT}/board/common/initrd/init:True"

FILES:${PN} += "/init ${sysconfdir}/modules /dev /proc /sys /run /sysroot"
RDEPENDS:${PN} = "busybox cryptsetup"
