//! The machine's disks: a few files that administrators look at, and a large folder whose files are made up when
//! somebody looks. Nothing writes to them, but a file can be deleted.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The disks, and what was deleted.
#[derive(Debug, Default)]
pub(super) struct Files {
    deleted: Mutex<BTreeSet<String>>,
}

/// A file or a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// With its drive, in the spelling that listings show.
    pub(super) path: Cow<'static, str>,
    pub(super) kind: Kind,
    /// Days before the machine started at which it was written last.
    pub(super) age: u32,
}

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Directory,
    File(&'static str),
    /// A file of so many bytes that administrators may see and not read.
    Locked(u64),
    /// A file of so many bytes, all of them zero.
    Zeros(u64),
}

/// Why a file is still there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Undeletable {
    Missing,
    /// Somebody uses it, or it is a directory that is not empty.
    InUse,
}

impl Entry {
    /// The last part of the path.
    pub(super) fn name(&self) -> &str {
        self.path.rsplit_once('\\').map_or(&*self.path, |(_, name)| name)
    }

    /// The directory that it is in.
    pub(super) fn parent(&self) -> &str {
        self.path.rsplit_once('\\').map_or("", |(parent, _)| parent)
    }

    pub(super) fn is_directory(&self) -> bool {
        self.kind == Kind::Directory
    }

    /// Bytes; nothing for a directory.
    pub(super) fn size(&self) -> Option<i64> {
        match self.kind {
            Kind::Directory => None,
            Kind::File(content) => i64::try_from(content.len()).ok(),
            Kind::Locked(size) | Kind::Zeros(size) => i64::try_from(size).ok(),
        }
    }
}

impl Files {
    /// The entry at a path, without regard to case and to how its slashes lean.
    pub(super) fn find(&self, path: &str) -> Option<Entry> {
        let wanted = normal(path);
        if self.deleted().contains(&wanted.to_ascii_lowercase()) {
            return None;
        }
        let known = ENTRIES.iter().find(|entry| entry.path.eq_ignore_ascii_case(&wanted));
        known.cloned().or_else(|| archive::find(&wanted))
    }

    /// What is in a directory, by name, directories first. Files that nobody asked for yet are made on the way.
    pub(super) fn children(&self, of: &Entry) -> impl Iterator<Item = Entry> + use<> {
        let mut found: Vec<Entry> = ENTRIES
            .iter()
            .filter(|entry| entry.parent().eq_ignore_ascii_case(&of.path) && entry.path != of.path)
            .cloned()
            .collect();
        found.sort_by_key(|entry| (!entry.is_directory(), entry.name().to_lowercase()));
        let made_up = of.path.eq_ignore_ascii_case(archive::FOLDER).then(archive::all);
        let deleted = self.deleted().clone();
        found
            .into_iter()
            .chain(made_up.into_iter().flatten())
            .filter(move |entry| deleted.is_empty() || !deleted.contains(&entry.path.to_ascii_lowercase()))
    }

    /// Deletes a file, or a directory that is empty.
    pub(super) fn delete(&self, path: &str) -> Result<(), Undeletable> {
        let entry = self.find(path).ok_or(Undeletable::Missing)?;
        let in_use = matches!(entry.kind, Kind::Locked(_))
            || (entry.is_directory() && self.children(&entry).next().is_some());
        if in_use {
            return Err(Undeletable::InUse);
        }
        self.deleted().insert(entry.path.to_ascii_lowercase());
        Ok(())
    }

    fn deleted(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.deleted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the disks come with this directory.
pub(super) fn is_directory(path: &str) -> bool {
    let wanted = normal(path);
    ENTRIES.iter().any(|entry| entry.is_directory() && entry.path.eq_ignore_ascii_case(&wanted))
}

/// A path in one spelling: back slashes, a drive, no slash at the end.
pub(super) fn normal(path: &str) -> String {
    let path = path.replace('/', "\\");
    let path = ["Microsoft.PowerShell.Core\\FileSystem::", "FileSystem::"]
        .iter()
        .find_map(|provider| path.strip_prefix(provider))
        .unwrap_or(&path);
    let rooted = match path.strip_prefix('\\') {
        Some(rest) => format!("C:\\{rest}"),
        None => path.to_owned(),
    };
    rooted.trim_end_matches('\\').to_owned()
}

/// A folder of old reports, as file servers have them: one hundred thousand, of which one in a thousand is large.
mod archive {
    use super::{Cow, Entry, Kind};

    pub(super) const FOLDER: &str = "D:\\Archive";
    const COUNT: u32 = 100_000;

    pub(super) fn find(path: &str) -> Option<Entry> {
        let (folder, name) = path.rsplit_once('\\')?;
        if !folder.eq_ignore_ascii_case(FOLDER) {
            return None;
        }
        let number = name.get(..7).filter(|prefix| prefix.eq_ignore_ascii_case("report-"));
        let digits = number.and_then(|_| name.get(7..)?.strip_suffix(".csv"))?;
        let number =
            digits.parse().ok().filter(|number| digits.len() == 6 && (1..=COUNT).contains(number))?;
        Some(file(number))
    }

    pub(super) fn all() -> impl Iterator<Item = Entry> {
        (1..=COUNT).map(file)
    }

    /// Sizes and ages follow from the number, and look as if they did not.
    fn file(number: u32) -> Entry {
        let mixed = number.wrapping_mul(2_654_435_761);
        let small = 512 + u64::from(mixed % 900_000);
        let size = if number.is_multiple_of(1_000) { (1 << 30) + u64::from(mixed) } else { small };
        let path = Cow::Owned(format!("{FOLDER}\\report-{number:06}.csv"));
        Entry { path, kind: Kind::Zeros(size), age: mixed.rotate_left(7) % 1_500 }
    }
}

const fn directory(path: &'static str, age: u32) -> Entry {
    Entry { path: Cow::Borrowed(path), kind: Kind::Directory, age }
}

const fn file(path: &'static str, age: u32, content: &'static str) -> Entry {
    Entry { path: Cow::Borrowed(path), kind: Kind::File(content), age }
}

static ENTRIES: [Entry; 26] = [
    directory("C:", 212),
    directory("C:\\inetpub", 30),
    directory("C:\\inetpub\\logs", 30),
    directory("C:\\inetpub\\logs\\LogFiles", 0),
    file("C:\\inetpub\\logs\\LogFiles\\u_ex.log", 0, ACCESS_LOG),
    directory("C:\\inetpub\\wwwroot", 12),
    file(
        "C:\\inetpub\\wwwroot\\iisstart.htm",
        30,
        "<!DOCTYPE html>\r\n<title>IIS Windows Server</title>\r\n",
    ),
    file("C:\\inetpub\\wwwroot\\web.config", 12, WEB_CONFIG),
    directory("C:\\Program Files", 40),
    directory("C:\\Program Files\\Common Files", 212),
    directory("C:\\Program Files\\Windows Defender", 40),
    directory("C:\\ProgramData", 40),
    directory("C:\\Users", 100),
    directory("C:\\Users\\Administrator", 100),
    directory("C:\\Users\\Public", 212),
    directory("C:\\Windows", 9),
    directory("C:\\Windows\\System32", 9),
    directory("C:\\Windows\\System32\\config", 9),
    Entry { path: Cow::Borrowed("C:\\Windows\\System32\\config\\SAM"), kind: Kind::Locked(65_536), age: 9 },
    directory("C:\\Windows\\System32\\drivers", 9),
    directory("C:\\Windows\\System32\\drivers\\etc", 212),
    file("C:\\Windows\\System32\\drivers\\etc\\hosts", 212, HOSTS),
    directory("C:\\Windows\\Temp", 0),
    file("C:\\Windows\\win.ini", 212, "; for 16-bit app support\r\n[fonts]\r\n[extensions]\r\n"),
    directory("D:", 212),
    directory(archive::FOLDER, 0),
];
const HOSTS: &str = "# Copyright (c) 1993-2009 Microsoft Corp.\r\n#\r\n\
    # This is a sample HOSTS file used by Microsoft TCP/IP for Windows.\r\n#\r\n\
    10.0.4.20\tdb-01.internal\r\n";
const WEB_CONFIG: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<configuration>\r\n  <system.webServer>\r\n    \
    <httpErrors errorMode=\"Custom\" />\r\n  </system.webServer>\r\n</configuration>\r\n";
const ACCESS_LOG: &str = "#Software: Microsoft Internet Information Services 10.0\r\n#Version: 1.0\r\n\
    #Fields: date time s-ip cs-method cs-uri-stem s-port c-ip sc-status time-taken\r\n\
    2026-11-21 08:00:01 10.0.4.17 GET / 443 10.0.4.9 200 12\r\n\
    2026-11-21 08:00:05 10.0.4.17 GET /health 443 10.0.4.9 200 3\r\n\
    2026-11-21 08:01:12 10.0.4.17 POST /orders 443 10.0.4.31 201 48\r\n\
    2026-11-21 08:02:40 10.0.4.17 GET /orders/17 443 10.0.4.31 500 912\r\n\
    2026-11-21 08:02:41 10.0.4.17 GET /orders/17 443 10.0.4.31 200 33\r\n";
