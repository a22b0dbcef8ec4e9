SUMMARY = "Branchline's initial RAM disk"
DESCRIPTION = "A shell, veritysetup and the script that opens the verified root or restarts the box."
LICENSE = "MIT"

inherit core-image

COMPATIBLE_MACHINE = "^branchline-"

PACKAGE_INSTALL = "branchline-initrd base-passwd ${ROOTFS_BOOTSTRAP_INSTALL}"
IMAGE_FEATURES = ""
IMAGE_LINGUAS = ""
PACKAGE_EXCLUDE = "kernel-image-*"
IMAGE_NAME_SUFFIX ?= ""
IMAGE_FSTYPES = "cpio.zst"
IMAGE_ROOTFS_SIZE = "8192"
IMAGE_ROOTFS_EXTRA_SPACE = "0"
