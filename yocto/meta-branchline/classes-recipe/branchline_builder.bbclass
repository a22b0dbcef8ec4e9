# The repository's own image builder, native: what the board states becomes files by the very code that the
# Debian route uses. A recipe that inherits this is of one board and is made anew when a board file changes.

BRANCHLINE_BOARD ??= ""
BRANCHLINE_VARIANT ??= "release"
BRANCHLINE_VERSION = "${@branchline.stated.version(d.getVar('BRANCHLINE_ROOT'))}"
# Certificate of whose updates a box takes; a file outside every layer.
BRANCHLINE_AUTHORITY ??= ""
# What the product is made of, from scripts/sbom; beside it every recipe has its own SPDX document.
BRANCHLINE_BILL ??= ""

PACKAGE_ARCH = "${MACHINE_ARCH}"
COMPATIBLE_MACHINE = "^branchline-"

python () {
    board = d.getVar('BRANCHLINE_BOARD')
    if not board:
        return
    for path in branchline.stated.board_files(d.getVar('BRANCHLINE_ROOT'), board):
        bb.parse.mark_dependency(d, str(path))
    if d.getVar('BRANCHLINE_VARIANT') not in ('release', 'dev'):
        bb.fatal("BRANCHLINE_VARIANT is neither release nor dev")
}
