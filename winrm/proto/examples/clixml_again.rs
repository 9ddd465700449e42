//! Reads every CLIXML document of one folder and writes it anew into another: `clixml_again FROM TO`. Readers of other
//! projects then compare the two.

use std::error::Error;
use std::ffi::OsString;
use std::fs;
use std::path::Path;

use winrm_proto::clixml::{Decoder, Encoder};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let (Some(from), Some(to), None) = (arguments.next(), arguments.next(), arguments.next()) else {
        return Err("usage: clixml_again FROM TO".into());
    };
    write_all(&from, Path::new(&to))
}

fn write_all(from: &OsString, to: &Path) -> Result<(), Box<dyn Error>> {
    let mut decoder = Decoder::default();
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        let Some(name) =
            path.file_name().filter(|_| path.extension().is_some_and(|extension| extension == "xml"))
        else {
            continue;
        };
        let items = decoder.document(&fs::read(&path)?)?;
        let written = Encoder::new().document(items.iter().map(|item| (item.stream, &item.value)))?;
        fs::write(to.join(name), written)?;
    }
    Ok(())
}
