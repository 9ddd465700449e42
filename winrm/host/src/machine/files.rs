//! The machine's disk: a few files that administrators look at. Nothing writes to it.

/// A file or a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// With its drive, in the spelling that listings show.
    pub(super) path: &'static str,
    pub(super) kind: Kind,
    /// Days before the machine started at which it was written last.
    pub(super) age: u32,
}

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Directory,
    File(&'static str),
    /// A file that administrators may see and not read.
    Locked(u32),
}

impl Entry {
    /// The last part of the path.
    pub(super) fn name(&self) -> &'static str {
        self.path.rsplit_once('\\').map_or(self.path, |(_, name)| name)
    }

    /// The directory that it is in.
    pub(super) fn parent(&self) -> &'static str {
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
            Kind::Locked(size) => Some(size.into()),
        }
    }
}

/// The entry at a path, without regard to case and to how its slashes lean.
pub(super) fn find(path: &str) -> Option<&'static Entry> {
    let wanted = normal(path);
    ENTRIES.iter().find(|entry| entry.path.eq_ignore_ascii_case(&wanted))
}

/// What is in a directory, by name.
pub(super) fn children(of: &Entry) -> Vec<&'static Entry> {
    let mut found: Vec<&Entry> = ENTRIES
        .iter()
        .filter(|entry| entry.parent().eq_ignore_ascii_case(of.path) && entry.path != of.path)
        .collect();
    found.sort_by_key(|entry| (!entry.is_directory(), entry.name().to_lowercase()));
    found
}

/// A path in one spelling: back slashes, a drive, no slash at the end.
pub(super) fn normal(path: &str) -> String {
    let path = path.replace('/', "\\");
    let path = path.strip_prefix("FileSystem::").unwrap_or(&path);
    let rooted = match path.strip_prefix('\\') {
        Some(rest) => format!("C:\\{rest}"),
        None => path.to_owned(),
    };
    rooted.trim_end_matches('\\').to_owned()
}

const fn directory(path: &'static str, age: u32) -> Entry {
    Entry { path, kind: Kind::Directory, age }
}

const fn file(path: &'static str, age: u32, content: &'static str) -> Entry {
    Entry { path, kind: Kind::File(content), age }
}

const ENTRIES: [Entry; 24] = [
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
    Entry { path: "C:\\Windows\\System32\\config\\SAM", kind: Kind::Locked(65_536), age: 9 },
    directory("C:\\Windows\\System32\\drivers", 9),
    directory("C:\\Windows\\System32\\drivers\\etc", 212),
    file("C:\\Windows\\System32\\drivers\\etc\\hosts", 212, HOSTS),
    directory("C:\\Windows\\Temp", 0),
    file("C:\\Windows\\win.ini", 212, "; for 16-bit app support\r\n[fonts]\r\n[extensions]\r\n"),
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
