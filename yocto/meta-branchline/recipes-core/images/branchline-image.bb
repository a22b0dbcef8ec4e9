SUMMARY = "Branchline's verified root, its two signed kernels and its disk"
DESCRIPTION = "No shell, no login, no compiler in the release; what the board states is laid over the packages by the image builder."
LICENSE = "MIT"

inherit core-image features_check branchline_sealed

REQUIRED_DISTRO_FEATURES = "efi rauc systemd usrmerge"

IMAGE_FEATURES = "read-only-rootfs"
IMAGE_LINGUAS = ""

# The counterpart of board/common/packages, by the names of this route.
IMAGE_INSTALL = "\
    alsa-conf \
    base-files \
    base-passwd \
    branchline \
    ca-certificates \
    cryptsetup \
    dbus \
    dosfstools \
    e2fsprogs-e2fsck \
    e2fsprogs-mke2fs \
    e2fsprogs-resize2fs \
    kernel-modules \
    kmod \
    nftables \
    rauc \
    rauc-service \
    systemd \
    systemd-extra-utils \
    tzdata-core \
    util-linux-mount \
    util-linux-sfdisk \
    util-linux-umount \
"
# The box's own health gate marks a slot good, and the board's files configure RAUC.
BAD_RECOMMENDATIONS = "rauc-mark-good rauc-conf udev-hwdb"
