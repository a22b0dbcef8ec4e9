//! A firmware image started in QEMU, by emulation alone, and driven from outside: by its network, its power, and the
//! console that only a dev image has.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};

use crate::netns::{Namespace, Socket};
use crate::process::{Process, wait_for};
use crate::tpm::Tpm;

/// Disk the machine is given; what the image leaves free becomes its data partition.
const DISK_BYTES: u64 = 4 << 30;
/// Firmware as Debian ships it.
const CODE: &str = "/usr/share/OVMF/OVMF_CODE_4M.fd";
const VARIABLES: &str = "/usr/share/OVMF/OVMF_VARS_4M.fd";
/// The same, able to refuse what nobody it knows has signed; in set-up mode until it is taught keys.
const SECURE_CODE: &str = "/usr/share/OVMF/OVMF_CODE_4M.secboot.fd";
/// Emulated whatever the machine below could do: what is proved here must be so everywhere.
const HARDWARE: &str = "-accel tcg,thread=multi,tb-size=512 -cpu max -smp 2 -m 1024 \
    -display none -no-user-config -nodefaults";
/// What is plugged into it; a hung guest is reset by its watchdog.
const DEVICES: &str = "-device virtio-blk-pci,drive=disk,bootindex=1 -serial chardev:serial \
    -device virtio-serial-pci -device virtconsole,chardev=console \
    -device virtio-net-pci,netdev=net,romfile= -device virtio-rng-pci \
    -device i6300esb -action watchdog=reset";
/// A console command that says nothing for so long hangs.
const CONSOLE: Duration = Duration::from_secs(300);
/// A serial port takes so many letters at once.
const FIFO: usize = 8;
/// What is typed comes back within this.
const ECHO: Duration = Duration::from_secs(20);
/// A read of the console gives way after so long.
const LOOK: Duration = Duration::from_millis(300);

/// A machine: its disk and firmware variables outlive its power.
#[derive(Debug)]
pub struct Machine {
    dir: PathBuf,
    socket: Socket,
    /// Leases the one address there is.
    _dhcp: Process,
    /// A stick plugged in, read-only.
    stick: Option<PathBuf>,
    tpm: Option<Tpm>,
    /// Its firmware is the one that can refuse.
    secure: bool,
    power: Option<Power>,
}

/// While it runs.
#[derive(Debug)]
struct Power {
    child: Child,
    since: Instant,
}

impl Machine {
    /// Puts an image on a new disk; the machine is off.
    pub fn new(dir: &Path, image: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(dir)?;
        let dir = dir.canonicalize()?;
        let disk = dir.join("disk.img");
        let old_chip = dir.join("tpm");
        if old_chip.exists() {
            fs::remove_dir_all(old_chip)?;
        }
        let copy = Command::new("cp")
            .arg("--sparse=always")
            .args([image, &disk])
            .status()?;
        ensure!(copy.success(), "the image could not be copied to a disk");
        File::options()
            .write(true)
            .open(&disk)?
            .set_len(DISK_BYTES)?;
        fs::copy(VARIABLES, dir.join("variables.fd"))
            .context("no firmware\nhint: scripts/setup image")?;
        let socket = Socket::new()?;
        let dhcp = lease(&dir, &socket.outside)?;
        Ok(Self {
            dir,
            socket,
            _dhcp: dhcp,
            stick: None,
            tpm: None,
            secure: false,
            power: None,
        })
    }

    /// Where everything that talks to the machine runs.
    pub fn outside(&self) -> &Namespace {
        &self.socket.outside
    }

    /// Its folder: `disk.img`, `variables.fd` and what it said.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// From the next start on it has a firmware that knows Secure Boot, with these variables; new ones where none are
    /// given.
    pub fn secure(&mut self, variables: Option<&Path>) -> anyhow::Result<()> {
        let variables = variables.unwrap_or_else(|| Path::new(VARIABLES));
        fs::copy(variables, self.dir.join("variables.fd"))?;
        self.secure = true;
        Ok(())
    }

    /// From the next start on it has a TPM 2.0, or none. The chip keeps what it knows.
    pub fn tpm(&mut self, has: bool) -> anyhow::Result<()> {
        self.tpm = has.then(|| Tpm::new(&self.dir.join("tpm"))).transpose()?;
        Ok(())
    }

    /// Plugs in a stick at the next start: a FAT file system that holds these files.
    pub fn plug_in(&mut self, files: &[(PathBuf, &str)]) -> anyhow::Result<()> {
        let stick = self.dir.join("stick.img");
        let mut bytes = 8 << 20;
        for (file, _) in files {
            bytes += fs::metadata(file)?.len() + (1 << 20);
        }
        File::create(&stick)?.set_len(bytes)?;
        tool(
            Command::new("mkfs.vfat")
                .args(["-F", "32", "-n", "STICK"])
                .arg(&stick),
        )?;
        for (file, name) in files {
            tool(
                Command::new("mcopy")
                    .arg("-i")
                    .arg(&stick)
                    .arg(file)
                    .arg(format!("::{name}")),
            )?;
        }
        self.stick = Some(stick);
        Ok(())
    }

    /// Switches it on.
    pub fn start(&mut self) -> anyhow::Result<()> {
        ensure!(self.power.is_none(), "it is on already");
        for old in ["serial", "serial.socket", "console"] {
            let _ = fs::remove_file(self.dir.join(old));
        }
        let board = self.board()?;
        let file = |name: &str| self.dir.join(name).display().to_string();
        let mut qemu = self.socket.outside.enter("qemu-system-x86_64");
        qemu.args(board).args(HARDWARE.split_whitespace());
        let parts = [
            (
                "-drive",
                format!("if=pflash,format=raw,unit=1,file={}", file("variables.fd")),
            ),
            // Written through: a power cut must find what the guest was told is on the disk.
            (
                "-drive",
                format!(
                    "if=none,id=disk,format=raw,cache=writethrough,file={}",
                    file("disk.img")
                ),
            ),
            (
                "-chardev",
                format!(
                    "socket,id=serial,server=on,wait=off,path={},logfile={}",
                    file("serial.socket"),
                    file("serial")
                ),
            ),
            (
                "-chardev",
                format!(
                    "socket,id=console,server=on,wait=off,path={}",
                    file("console")
                ),
            ),
            (
                "-netdev",
                format!("tap,id=net,ifname={},script=no,downscript=no", Socket::TAP),
            ),
        ];
        let stick = self.stick.as_ref().map(|stick| {
            let drive = format!(
                "if=none,id=stick,format=raw,readonly=on,file={}",
                stick.display()
            );
            [
                ("-device", "qemu-xhci".to_owned()),
                ("-drive", drive),
                ("-device", "usb-storage,drive=stick".to_owned()),
            ]
        });
        for (option, value) in parts.into_iter().chain(stick.into_iter().flatten()) {
            qemu.args([option, &value]);
        }
        qemu.args(DEVICES.split_whitespace());
        let errors = File::create(self.dir.join("qemu.log"))?;
        let child = qemu
            .stdin(Stdio::null())
            .stdout(errors.try_clone()?)
            .stderr(errors)
            .spawn()?;
        self.power = Some(Power {
            child,
            since: Instant::now(),
        });
        Ok(())
    }

    /// The board with its firmware and what is soldered to it.
    fn board(&mut self) -> anyhow::Result<Vec<String>> {
        let (machine, code) = if self.secure {
            ("q35,smm=on", SECURE_CODE)
        } else {
            ("q35", CODE)
        };
        let mut words = vec![
            "-machine".to_owned(),
            machine.to_owned(),
            "-drive".to_owned(),
            format!("if=pflash,format=raw,unit=0,readonly=on,file={code}"),
        ];
        if self.secure {
            // Only the firmware itself may write its variables.
            let guarded = "-global driver=cfi.pflash01,property=secure,value=on";
            words.extend(guarded.split(' ').map(str::to_owned));
        }
        if let Some(tpm) = &mut self.tpm {
            tpm.start()?;
            let socket = format!("socket,id=tpm,path={}", tpm.socket().display());
            let chip = "-tpmdev emulator,id=chip,chardev=tpm -device tpm-tis,tpmdev=chip";
            words.extend(["-chardev".to_owned(), socket]);
            words.extend(chip.split(' ').map(str::to_owned));
        }
        Ok(words)
    }

    /// Cuts its power.
    pub fn cut(&mut self) {
        if let Some(mut power) = self.power.take() {
            let _ = power.child.kill();
            let _ = power.child.wait();
        }
    }

    /// Seconds since it was switched on.
    pub fn seconds(&self) -> f64 {
        self.power
            .as_ref()
            .map_or(0.0, |power| power.since.elapsed().as_secs_f64())
    }

    /// What it said on its serial line since it was switched on.
    pub fn serial(&self) -> String {
        fs::read(self.dir.join("serial"))
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    }

    /// Types a line on its serial line, as somebody at the box's own console does.
    pub fn type_line(&self, line: &str) -> anyhow::Result<()> {
        let mut serial = UnixStream::connect(self.dir.join("serial.socket"))?;
        serial.set_read_timeout(Some(LOOK))?;
        let mut echo = [0; 4_096];
        for letters in format!("{line}\r").as_bytes().chunks(FIFO) {
            serial.write_all(letters)?;
            // Something comes back for each letter, and what is not taken when the line is let go is lost.
            let mut back = 0;
            let began = Instant::now();
            while back < letters.len() && began.elapsed() < ECHO {
                back += serial.read(&mut echo).unwrap_or(0);
            }
        }
        Ok(())
    }

    /// Asks until there is an answer; a machine that stopped by itself never gives one.
    pub fn wait<T>(
        &mut self,
        what: &str,
        limit: Duration,
        mut ask: impl FnMut(&mut Self) -> Option<T>,
    ) -> anyhow::Result<T> {
        let answer = wait_for(limit, || match ask(self) {
            Some(answer) => Some(Ok(answer)),
            None => self.ended().map(Err),
        });
        match answer {
            Some(Ok(answer)) => return Ok(answer),
            Some(Err(how)) => bail!("the machine ended before {what}: {how}"),
            None => {}
        }
        let serial = self.serial();
        let last: Vec<_> = serial.lines().rev().take(15).collect();
        let last: Vec<_> = last.into_iter().rev().collect();
        bail!(
            "{what} did not come in {} s; its serial line ends with:\n{}",
            limit.as_secs(),
            last.join("\n")
        )
    }

    /// How it ended, where it stopped by itself.
    fn ended(&mut self) -> Option<String> {
        let status = self.power.as_mut()?.child.try_wait().ok().flatten()?;
        let said = fs::read_to_string(self.dir.join("qemu.log")).unwrap_or_default();
        Some(format!("{status}: {said}"))
    }

    /// Runs a line on the console of a dev image; what it printed. Fails where the line fails.
    pub fn console(&self, line: &str) -> anyhow::Result<String> {
        let (said, status) = self.try_console(line, CONSOLE)?;
        ensure!(status == 0, "`{line}` ended with {status}: {said}");
        Ok(said)
    }

    /// The same, with its exit status, within a limit.
    pub fn try_console(&self, line: &str, limit: Duration) -> anyhow::Result<(String, i32)> {
        let mut console = UnixStream::connect(self.dir.join("console"))?;
        console.set_read_timeout(Some(LOOK))?;
        static LINES: AtomicU64 = AtomicU64::new(0);
        let line_number = LINES.fetch_add(1, Ordering::Relaxed);
        let mark = format!("{}x{line_number}", std::process::id());
        // The mark is split, so that the echo of the line is not taken for its end.
        let text = format!("{{ {line}; }} 2>&1; echo \"MARK\"\"{mark}\" $?\n");
        console.write_all(text.as_bytes())?;
        let end = format!("MARK{mark} ");
        let began = Instant::now();
        let mut heard = Vec::new();
        let mut chunk = [0; 4_096];
        while began.elapsed() < limit {
            match console.read(&mut chunk) {
                Ok(read) => heard.extend_from_slice(&chunk[..read]),
                Err(why)
                    if matches!(
                        why.kind(),
                        std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
                    ) => {}
                Err(why) => return Err(why.into()),
            }
            let said = String::from_utf8_lossy(&heard).replace('\r', "");
            if let Some((before, after)) = said.split_once(&end)
                && let Some((status, _)) = after.split_once('\n')
            {
                // The terminal echoes what is typed, the shell may do so again.
                let typed = format!("{mark}\" $?\n");
                let output = before
                    .rsplit_once(&typed)
                    .map_or(before, |(_, output)| output);
                return Ok((output.to_owned(), status.trim().parse()?));
            }
        }
        bail!(
            "the console said nothing more for `{line}`: {}",
            String::from_utf8_lossy(&heard)
        )
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.cut();
    }
}

fn lease(dir: &Path, outside: &Namespace) -> anyhow::Result<Process> {
    let config = dir.join("dhcp.conf");
    let leases = dir.join("leases");
    File::create(&leases)?;
    let text = format!(
        "start {machine}\nend {machine}\ninterface {tap}\nlease_file {leases}\npidfile {pid}\noption subnet 255.255.255.0\noption router {here}\noption lease 3600\n",
        machine = Socket::MACHINE,
        tap = Socket::TAP,
        leases = leases.display(),
        pid = dir.join("dhcp.pid").display(),
        here = Socket::HERE,
    );
    fs::write(&config, text)?;
    let mut server = outside.enter("busybox");
    server
        .args(["udhcpd", "-f"])
        .arg(&config)
        .stderr(File::create(dir.join("dhcp.log"))?);
    Process::start("udhcpd", &mut server)
}

/// Runs a tool to its end; what it complained of where it failed.
pub fn tool(command: &mut Command) -> anyhow::Result<()> {
    let done = command.output().with_context(|| format!("{command:?}"))?;
    ensure!(
        done.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&done.stderr)
    );
    Ok(())
}
