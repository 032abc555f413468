//! Machines of a test's own: network namespaces on one switch, whose packets can be lost.
//!
//! Loss is silent, as on a real network and unlike through any proxy: no reset, no refusal, the
//! other end is simply gone. It is done by sending to an Ethernet address that nobody has.

use std::{
    fs,
    path::Path,
    process::{self, Command},
    sync::atomic::{AtomicU8, Ordering},
};

/// A network of 10.x.y.0/24, which the test's process is on as number 1.
#[derive(Debug)]
pub struct Net {
    name: String,
    /// Without the last number.
    network: String,
    machines: Vec<u8>,
}

/// The switch's number, which has no address.
const SWITCH: u8 = 0;
/// The test's own process, in the namespace of all.
pub const HERE: u8 = 1;

impl Net {
    /// With so many machines, numbered from 2. None where the machine does not allow it, which is
    /// then said.
    pub fn of(machines: u8) -> Option<Self> {
        static NEXT: AtomicU8 = AtomicU8::new(0);
        let (run, number) = (process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        if number == 0 {
            sweep();
        }
        let mut net = Self {
            name: format!("saoma-{run}-{number}"),
            network: format!(
                "10.{}.{}",
                64 + run % 128,
                (run / 128 + u32::from(number)) % 256
            ),
            machines: Vec::new(),
        };
        match net.build(machines) {
            Ok(()) => Some(net),
            Err(why) => {
                eprintln!("left out: nobody may make network namespaces here ({why})");
                None
            }
        }
    }

    fn build(&mut self, machines: u8) -> Result<(), String> {
        let switch = self.namespace(SWITCH);
        self.add(SWITCH)?;
        ip(&["-n", &switch, "link", "add", "switch", "type", "bridge"])?;
        ip(&["-n", &switch, "link", "set", "switch", "up"])?;
        for machine in 2..2 + machines {
            let namespace = self.namespace(machine);
            self.add(machine)?;
            self.plug(machine, "eth0", Some(&namespace))?;
            ip(&["-n", &namespace, "link", "set", "lo", "up"])?;
        }
        self.plug(HERE, &self.device_here(), None)
    }

    fn add(&mut self, machine: u8) -> Result<(), String> {
        ip(&["netns", "add", &self.namespace(machine)])?;
        self.machines.push(machine);
        Ok(())
    }

    /// A cable from the switch to a machine's device, which gets its address.
    fn plug(&self, machine: u8, device: &str, namespace: Option<&str>) -> Result<(), String> {
        let (switch, port) = (self.namespace(SWITCH), format!("port{machine}"));
        let mut cable = vec![
            "link", "add", &port, "netns", &switch, "type", "veth", "peer",
        ];
        cable.extend(["name", device]);
        cable.extend(namespace.iter().flat_map(|name| ["netns", name]));
        ip(&cable)?;
        ip(&[
            "-n", &switch, "link", "set", &port, "master", "switch", "up",
        ])?;
        let address = format!("{}/24", self.address(machine));
        self.on(machine, &["addr", "add", &address, "dev", device])?;
        self.on(machine, &["link", "set", device, "up"])
    }

    /// `ip` on a machine.
    fn on(&self, machine: u8, arguments: &[&str]) -> Result<(), String> {
        let namespace = self.namespace(machine);
        let mut all = match machine {
            HERE => vec![],
            _ => vec!["-n", &namespace],
        };
        all.extend(arguments);
        ip(&all)
    }

    fn namespace(&self, machine: u8) -> String {
        format!("{}-{machine}", self.name)
    }

    /// A device's name has 15 characters at the most.
    fn device_here(&self) -> String {
        self.name.replace("saoma-", "sao")
    }

    fn device(&self, machine: u8) -> String {
        match machine {
            HERE => self.device_here(),
            _ => "eth0".to_owned(),
        }
    }

    /// A machine's address.
    pub fn address(&self, machine: u8) -> String {
        format!("{}.{machine}", self.network)
    }

    /// A command that runs `program` on a machine.
    pub fn command(&self, machine: u8, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.namespace(machine)]);
        command.arg(program);
        command
    }

    /// From now on nothing that one sends arrives at the other.
    pub fn lose(&self, from: u8, to: u8) {
        let (address, device) = (self.address(to), self.device(from));
        let nobody = "02:00:00:00:00:00";
        self.on(
            from,
            &[
                "neigh",
                "replace",
                &address,
                "lladdr",
                nobody,
                "nud",
                "permanent",
                "dev",
                &device,
            ],
        )
        .unwrap();
    }

    /// Nothing of either arrives at the other.
    pub fn part(&self, one: u8, other: u8) {
        self.lose(one, other);
        self.lose(other, one);
    }

    /// All arrives again.
    pub fn heal(&self, one: u8, other: u8) {
        for (from, to) in [(one, other), (other, one)] {
            let (address, device) = (self.address(to), self.device(from));
            // One that was never lost has no such entry.
            let _ = self.on(from, &["neigh", "del", &address, "dev", &device]);
        }
    }

    /// What this machine sends takes its time: a kilobyte a second, and more waits than is lost.
    /// False where the kernel cannot do it, which is then said.
    pub fn slow(&self, machine: u8) -> bool {
        let mut tc = self.command(machine, "tc");
        tc.args(["qdisc", "replace", "dev", "eth0", "root", "tbf"]);
        tc.args(["rate", "8kbit", "burst", "1600", "limit", "64k"]);
        let done = run(&mut tc);
        if let Err(why) = &done {
            eprintln!("left out: nothing can be delayed here ({why})");
        }
        done.is_ok()
    }

    /// As quick as ever.
    pub fn quick(&self, machine: u8) {
        let mut tc = self.command(machine, "tc");
        tc.args(["qdisc", "del", "dev", "eth0", "root"]);
        run(&mut tc).unwrap();
    }
}

impl Drop for Net {
    /// With a namespace go its devices, and with one end of a cable the other.
    fn drop(&mut self) {
        for &machine in &self.machines {
            let _ = ip(&["netns", "del", &self.namespace(machine)]);
        }
    }
}

/// Removes what runs that were killed have left.
fn sweep() {
    for entry in fs::read_dir("/run/netns").into_iter().flatten().flatten() {
        let name = entry.file_name().into_string().unwrap_or_default();
        let run = name
            .strip_prefix("saoma-")
            .and_then(|rest| rest.split_once('-'));
        let run = run.and_then(|(run, _)| run.parse::<u32>().ok());
        if run.is_some_and(|run| !Path::new(&format!("/proc/{run}")).exists()) {
            let _ = ip(&["netns", "del", &name]);
        }
    }
}

fn ip(arguments: &[&str]) -> Result<(), String> {
    run(Command::new("ip").args(arguments))
}

fn run(command: &mut Command) -> Result<(), String> {
    let done = command.output().map_err(|error| error.to_string())?;
    if done.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&done.stderr).trim().to_owned())
}
