SUMMARY = "Branchline's update: the sealed root and both kernels, signed"
DESCRIPTION = "Which slot is free is known on the box alone, so the kernels of both travel."
LICENSE = "MIT"

inherit bundle branchline_builder

PV = "${BRANCHLINE_VERSION}"

BRANCHLINE_FLOOR ??= "0"

RAUC_BUNDLE_COMPATIBLE = "branchline-${BRANCHLINE_BOARD}"
RAUC_BUNDLE_VERSION = "${BRANCHLINE_VERSION}"
# The box reads its floor here: what RAUC signs and all its releases show.
RAUC_BUNDLE_BUILD = "floor-${BRANCHLINE_FLOOR}"
RAUC_BUNDLE_FORMAT = "verity"

RAUC_BUNDLE_SLOTS = "rootfs"
RAUC_SLOT_rootfs = "branchline-image"
RAUC_SLOT_rootfs[fstype] = "sealed"
RAUC_SLOT_rootfs[rename] = "root.img"

RAUC_BUNDLE_EXTRA_DEPENDS = "branchline-image:do_image_complete"
RAUC_BUNDLE_EXTRA_FILES = "kernel-a.efi kernel-b.efi"
