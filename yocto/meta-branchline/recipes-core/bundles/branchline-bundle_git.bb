SUMMARY = "Branchline's update: the sealed root and both kernels, signed"
DESCRIPTION = "Which slot is free is known on the box alone, so the kernels of both travel."
LICENSE = "MIT"

inherit bundle branchline_builder

PV = "${BRANCHLINE_VERSION}"

BRANCHLINE_FLOOR ??= "0"

RAUC_BUNDLE_COMPATIBLE = "branchline-${BRANCHLINE_BOARD}"
RAUC_BUNDLE_VERSION = "${BRANCHLINE_VERSION}"
RAUC_BUNDLE_BUILD = "${BRANCHLINE_VERSION}"
RAUC_BUNDLE_FORMAT = "verity"

RAUC_BUNDLE_SLOTS = "rootfs"
RAUC_SLOT_rootfs = "branchline-image"
RAUC_SLOT_rootfs[fstype] = "sealed"
RAUC_SLOT_rootfs[rename] = "root.img"

RAUC_BUNDLE_EXTRA_DEPENDS = "branchline-image:do_image_complete"
RAUC_BUNDLE_EXTRA_FILES = "kernel-a.efi kernel-b.efi"

RAUC_META_SECTIONS = "branchline"
RAUC_META_branchline[floor] = "${BRANCHLINE_FLOOR}"
