//! The machine's processes: those that are always there, and those that clients started.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

/// A process as Get-Process and tasklist show it.
#[derive(Clone, Debug)]
pub(crate) struct Process {
    pub(crate) id: u32,
    pub(crate) name: String,
    pub(crate) handles: u32,
    /// Kilobytes.
    pub(crate) nonpaged: u32,
    /// Kilobytes.
    pub(crate) paged: u32,
    /// Kilobytes.
    pub(crate) working_set: u32,
    /// Hundredths of a second; nothing for a process whose times nobody may read.
    pub(crate) cpu: Option<u32>,
    pub(crate) session: u32,
    /// Ends the process, where something of this host is behind it.
    kill: Option<CancellationToken>,
}

/// The table of processes.
#[derive(Debug)]
pub(crate) struct Processes {
    table: Mutex<BTreeMap<u32, Process>>,
}

/// Why a process did not end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KillError {
    NoSuchProcess,
    AccessDenied,
}

impl Processes {
    pub(crate) fn new() -> Self {
        let table = RESIDENT.iter().map(|&(id, name, handles, nonpaged, paged, working_set, cpu)| {
            let name = name.to_owned();
            let process =
                Process { id, name, handles, nonpaged, paged, working_set, cpu, session: 0, kill: None };
            (id, process)
        });
        Self { table: Mutex::new(table.collect()) }
    }

    /// All processes, by identifier.
    pub(crate) fn all(&self) -> Vec<Process> {
        self.lock().values().cloned().collect()
    }

    /// Adds a process that ends with the returned value, or ends its command when it is killed.
    pub(crate) fn start(&self, name: &str, kill: CancellationToken) -> u32 {
        let mut table = self.lock();
        let mut id = FIRST_STARTED;
        while table.contains_key(&id) {
            id += 4;
        }
        let name = name.to_owned();
        let process = Process {
            id,
            name,
            handles: 74,
            nonpaged: 6,
            paged: 1_980,
            working_set: 4_312,
            cpu: Some(2),
            session: 0,
            kill: Some(kill),
        };
        table.insert(id, process);
        id
    }

    /// Removes a process that ended by itself.
    pub(crate) fn end(&self, id: u32) {
        self.lock().remove(&id);
    }

    /// Ends a process from outside.
    pub(crate) fn kill(&self, id: u32) -> Result<(), KillError> {
        let mut table = self.lock();
        let process = table.get(&id).ok_or(KillError::NoSuchProcess)?;
        match &process.kill {
            Some(kill) => kill.cancel(),
            None if PROTECTED.contains(&process.name.as_str()) => return Err(KillError::AccessDenied),
            None => {}
        }
        table.remove(&id);
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u32, Process>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type Resident = (u32, &'static str, u32, u32, u32, u32, Option<u32>);

/// Identifier, name, handles, nonpaged, paged, working set, processor time.
const RESIDENT: [Resident; 14] = [
    (0, "Idle", 0, 0, 60, 8, None),
    (4, "System", 1_987, 0, 196, 152, None),
    (92, "Registry", 0, 9, 8_112, 71_340, None),
    (332, "smss", 53, 3, 1_076, 1_224, None),
    (436, "csrss", 248, 15, 1_832, 5_404, None),
    (540, "wininit", 162, 11, 1_480, 6_924, None),
    (668, "services", 582, 13, 5_148, 9_788, None),
    (692, "lsass", 1_166, 34, 7_244, 19_712, Some(328)),
    (884, "svchost", 914, 22, 9_448, 25_008, Some(544)),
    (1_504, "spoolsv", 412, 24, 6_032, 17_244, Some(41)),
    (2_128, "MsMpEng", 776, 92, 214_980, 168_424, None),
    (2_216, "inetinfo", 296, 19, 8_828, 21_360, Some(63)),
    (2_744, "w3wp", 651, 48, 92_116, 101_872, Some(1_877)),
    (3_016, "WmiPrvSE", 238, 14, 7_728, 15_956, Some(92)),
];
const PROTECTED: [&str; 7] = ["Idle", "System", "Registry", "smss", "csrss", "MsMpEng", "lsass"];
/// Windows counts in steps of four.
const FIRST_STARTED: u32 = 4_112;
