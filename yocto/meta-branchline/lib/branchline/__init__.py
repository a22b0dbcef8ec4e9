"""What the layers read of the repository, for the classes and recipes of meta-branchline."""

BBIMPORTS = ["stated", "rootfs"]
