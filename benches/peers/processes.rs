//! What the kernel says of a process and all that it has started.

use std::{collections::HashMap, fs};

use crate::process::instance::Memory;

/// A process and those that descend from it.
pub fn family(root: u32) -> Vec<u32> {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Some(pid) = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok())
        else {
            continue;
        };
        if let Some(parent) = parent_of(pid) {
            children.entry(parent).or_default().push(pid);
        }
    }
    let mut family = vec![root];
    let mut at = 0;
    while let Some(pid) = family.get(at) {
        family.extend(children.remove(pid).unwrap_or_default());
        at += 1;
    }
    family
}

pub fn parent_of(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // Behind the name, which may have blanks: the state, then the parent.
    let (_, fields) = stat.rsplit_once(") ")?;
    fields.split_whitespace().nth(1)?.parse().ok()
}

/// Kilobytes of all of them. PSS counts what they share once.
pub fn memory(roots: &[u32]) -> Memory {
    let mut sum = Memory {
        rss: 0,
        pss: 0,
        dirty: 0,
    };
    for pid in roots.iter().flat_map(|&root| family(root)) {
        if let Some(memory) = Memory::of(pid) {
            sum.rss += memory.rss;
            sum.pss += memory.pss;
            sum.dirty += memory.dirty;
        }
    }
    sum
}

/// Time on a core that each thread of some processes has had, to the nanosecond: what
/// `/proc/PID/stat` counts in ticks of 10 ms is too coarse for sockets that rest.
pub struct Cpu(HashMap<u32, u64>);

impl Cpu {
    pub fn of(roots: &[u32]) -> Self {
        let family = roots.iter().flat_map(|&root| family(root));
        Self(family.flat_map(threads).collect())
    }

    /// Seconds since then. The last moments of threads that have ended are not in it.
    pub fn since(&self, before: &Self) -> f64 {
        let nanos = self
            .0
            .iter()
            .map(|(thread, nanos)| nanos - before.0.get(thread).copied().unwrap_or_default());
        nanos.sum::<u64>() as f64 / 1e9
    }
}

/// The threads of a process, and the nanoseconds of each.
fn threads(pid: u32) -> Vec<(u32, u64)> {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else {
        return Vec::new();
    };
    let nanos = threads.flatten().filter_map(|thread| {
        let id = thread.file_name().to_str()?.parse().ok()?;
        let text = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        Some((id, text.split_whitespace().next()?.parse().ok()?))
    });
    nanos.collect()
}
