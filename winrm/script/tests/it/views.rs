//! The displays that only Windows has, as PowerShell 7 prints them there.

use winrm_proto::clixml::Decoder;
use winrm_script::{format, value::Value};

fn shown(documents: &[String]) -> String {
    let read = |document: &String| {
        Value::from_clixml(&Decoder::default().value(document.as_bytes()).expect("CLIXML"))
    };
    format::out_string(&documents.iter().map(read).collect::<Vec<_>>(), 80).expect("a display")
}

fn object(type_name: &str, properties: &str) -> String {
    format!(
        "<Obj RefId=\"0\"><TN RefId=\"0\"><T>Deserialized.{type_name}</T></TN><Props>{properties}</Props></Obj>"
    )
}

#[test]
fn processes() {
    let process = |name: &str, memory: u64, cpu: &str| {
        let bytes: String =
            ["NPM", "PM", "WS"].map(|name| format!("<I64 N=\"{name}\">{memory}</I64>")).concat();
        let rest = format!("{cpu}<I32 N=\"Id\">4</I32><I32 N=\"SI\">0</I32><S N=\"ProcessName\">{name}</S>");
        object("System.Diagnostics.Process", &format!("{bytes}{rest}"))
    };
    let cpu = "<Db N=\"CPU\">18.765625</Db>";
    assert_eq!(
        shown(&[process("w3wp", 104_857_600, cpu), process("Idle", 0, "<Nil N=\"CPU\" />")]),
        "
 NPM(K)    PM(M)      WS(M)     CPU(s)      Id  SI ProcessName
 ------    -----      -----     ------      --  -- -----------
 102400   100.00     100.00      18.77       4   0 w3wp
      0     0.00       0.00       0.00       4   0 Idle

"
    );
}

#[test]
fn files_stand_under_their_folder() {
    let item = |type_name: &str, folder: &str, name: &str, mode: &str, length: &str| {
        let common = format!(
            "<S N=\"Name\">{name}</S><S N=\"Mode\">{mode}</S>{length}<DT N=\"LastWriteTime\">2026-11-21T14:07:56Z</DT>\
             <S N=\"PSParentPath\">Microsoft.PowerShell.Core\\FileSystem::{folder}</S>"
        );
        object(type_name, &common)
    };
    let file =
        |folder, name| item("System.IO.FileInfo", folder, name, "-a----", "<I64 N=\"Length\">1234</I64>");
    assert_eq!(
        shown(&[
            item("System.IO.DirectoryInfo", "C:\\logs", "old", "d-----", ""),
            file("C:\\logs", "a.log"),
            file("C:\\logs\\old", "b.log"),
        ]),
        "
    Directory: C:\\logs

Mode                 LastWriteTime         Length Name
----                 -------------         ------ ----
d-----        11/21/2026   2:07\u{202f}PM                old
-a----        11/21/2026   2:07\u{202f}PM           1234 a.log

    Directory: C:\\logs\\old

Mode                 LastWriteTime         Length Name
----                 -------------         ------ ----
-a----        11/21/2026   2:07\u{202f}PM           1234 b.log

"
    );
}

#[test]
fn events_stand_under_their_provider() {
    let event = |provider: &str, message: &str| {
        let properties = format!(
            "<DT N=\"TimeCreated\">2026-11-21T13:55:56Z</DT><I32 N=\"Id\">7036</I32>\
             <S N=\"LevelDisplayName\">Information</S><S N=\"Message\">{message}</S>\
             <S N=\"ProviderName\">{provider}</S>"
        );
        object("System.Diagnostics.Eventing.Reader.EventLogRecord", &properties)
    };
    assert_eq!(
        shown(&[event("disk", "The IO operation was retried.")]),
        "
   ProviderName: disk

TimeCreated                      Id LevelDisplayName Message
-----------                      -- ---------------- -------
11/21/2026 1:55:56\u{202f}PM          7036 Information      The IO operation was retri…

"
    );
}
