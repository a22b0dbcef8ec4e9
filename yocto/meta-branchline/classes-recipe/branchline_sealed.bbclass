# Image types `sealed` (squashfs with its dm-verity tree in one file) and `disk` (what is written at the factory),
# and the two signed kernels between them: each slot's command line carries the root hash, so kernels follow the root.

inherit branchline_builder uki

IMAGE_TYPES += "sealed disk"
IMAGE_TYPEDEP:disk = "sealed"
IMAGE_FSTYPES = "sealed disk"

do_rootfs[depends] += "branchline-builder-native:do_populate_sysroot systemd-systemctl-native:do_populate_sysroot"
do_image_sealed[depends] += "squashfs-tools-native:do_populate_sysroot cryptsetup-native:do_populate_sysroot"
do_image_disk[depends] += "util-linux-native:do_populate_sysroot mtools-native:do_populate_sysroot dosfstools-native:do_populate_sysroot systemd-boot:do_deploy"
DEPENDS += "${@'sbsigntool-native' if d.getVar('UKI_SB_KEY') else ''}"

# --- the root: what the board states is laid over the packages, then all that a release does not name goes

ROOTFS_POSTPROCESS_COMMAND:append = " branchline_lay branchline_strip"

def bill_argument(d):
    bill = d.getVar('BRANCHLINE_BILL')
    return '--bill %s' % bill if bill else ''

branchline_lay[doc] = "Lays over the packages what the board states"
branchline_lay() {
    if [ -z "${BRANCHLINE_AUTHORITY}" ]; then
        bbfatal "BRANCHLINE_AUTHORITY names no certificate: a box would take nobody's updates (see conf/local.conf)"
    fi
    branchline-builder part lay ${BRANCHLINE_BOARD} ${BRANCHLINE_VARIANT} --version ${BRANCHLINE_VERSION} \
        --authority ${BRANCHLINE_AUTHORITY} --tree ${IMAGE_ROOTFS} --work ${WORKDIR}/parts ${@bill_argument(d)}
}

branchline_strip[doc] = "Takes out every program that a release does not name"
python branchline_strip() {
    from pathlib import Path
    if d.getVar('BRANCHLINE_VARIANT') != 'release':
        return
    text = Path(d.getVar('BRANCHLINE_ROOT'), 'board/common/programs.keep').read_text()
    names = set(branchline.rootfs.words(text)) | {'branchline'}
    gone = branchline.rootfs.keep_programs(Path(d.getVar('IMAGE_ROOTFS')), names)
    bb.note("programs left out of the release: %s" % ' '.join(gone))
}
do_rootfs[file-checksums] += "${BRANCHLINE_ROOT}/board/common/programs.keep:True"

# --- sealed

IMAGE_CMD:sealed = "branchline_seal"
branchline_seal[doc] = "Makes the squashfs and its hash tree; keeps root hash and offset for the kernels"
branchline_seal() {
    branchline-builder part seal ${BRANCHLINE_VARIANT} --tree ${IMAGE_ROOTFS} --work ${WORKDIR}/parts
    install -m 0644 ${WORKDIR}/parts/root.img ${IMGDEPLOYDIR}/${IMAGE_NAME}.sealed
}

# --- a kernel for each slot, by the function of uki.bbclass

INITRAMFS_IMAGE = "branchline-initramfs"
INITRAMFS_FSTYPES = "cpio.zst"
UKI_CONFIG_FILE = ""

deltask do_uki
do_uki_slots[doc] = "Makes the signed kernel of each slot, with the root hash in its command line"
do_uki_slots[depends] += "systemd-boot:do_deploy virtual/kernel:do_deploy branchline-initramfs:do_image_complete"
do_uki_slots[vardeps] += "do_uki"
do_uki_slots[dirs] = "${WORKDIR}/uki"
do_uki_slots[cleandirs] = "${WORKDIR}/uki"
python do_uki_slots() {
    from pathlib import Path
    verity = Path(d.getVar('WORKDIR'), 'parts/root.verity').read_text().split()
    # Entries are ranked by their file names: the section that boot loaders read holds no version.
    sysroot = Path(d.getVar('WORKDIR'), 'uki')
    about = Path(str(sysroot) + d.getVar('prefix'), 'lib/os-release')
    about.parent.mkdir(parents=True)
    about.write_text(d.expand('ID=branchline\nPRETTY_NAME="Branchline ${BRANCHLINE_VERSION}"\n'))
    for slot in ('a', 'b'):
        line, _ = bb.process.run(['branchline-builder', 'part', 'command-line', d.getVar('BRANCHLINE_BOARD'), d.getVar('BRANCHLINE_VARIANT'),
                                  '--slot', slot, '--root-hash', verity[0], '--hash-offset', verity[1]])
        own = d.createCopy()
        own.setVar('RECIPE_SYSROOT', str(sysroot))
        own.setVar('UKI_CMDLINE', line.strip())
        own.setVar('UKI_FILENAME', 'kernel-%s.efi' % slot)
        bb.build.exec_func('do_uki', own)
}
addtask uki_slots after do_image_sealed before do_image_disk do_image_complete

# --- disk

IMAGE_CMD:disk = "branchline_disk"
branchline_disk[doc] = "Makes the disk as it leaves the factory"
branchline_disk() {
    loader=${DEPLOY_DIR_IMAGE}/systemd-boot${EFI_ARCH}.efi
    if [ -n "${UKI_SB_KEY}" ]; then
        sbsign --key ${UKI_SB_KEY} --cert ${UKI_SB_CERT} --output ${WORKDIR}/loader.efi $loader
        loader=${WORKDIR}/loader.efi
    fi
    branchline-builder part disk ${BRANCHLINE_BOARD} --loader $loader --root ${WORKDIR}/parts/root.img \
        --kernel ${DEPLOY_DIR_IMAGE}/kernel-a.efi --work ${WORKDIR}/parts
    install -m 0644 ${WORKDIR}/parts/disk.img ${IMGDEPLOYDIR}/${IMAGE_NAME}.disk
}
