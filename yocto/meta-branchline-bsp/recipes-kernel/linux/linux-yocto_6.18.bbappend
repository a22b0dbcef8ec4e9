FILESEXTRAPATHS:prepend:branchline-x86-64 := "${THISDIR}/files:"
FILESEXTRAPATHS:prepend:branchline-arm64 := "${THISDIR}/files:"

COMPATIBLE_MACHINE:branchline-x86-64 = "branchline-x86-64"
COMPATIBLE_MACHINE:branchline-arm64 = "branchline-arm64"
KMACHINE:branchline-x86-64 = "common-pc-64"
KMACHINE:branchline-arm64 = "genericarm64"

SRC_URI:append:branchline-x86-64 = " file://branchline.cfg file://branchline-x86-64.cfg"
SRC_URI:append:branchline-arm64 = " file://branchline.cfg file://branchline-arm64.cfg"
KERNEL_FEATURES:append:branchline-x86-64 = " cfg/sound.scc cfg/virtio.scc"
KERNEL_FEATURES:append:branchline-arm64 = " cfg/sound.scc cfg/virtio.scc"
