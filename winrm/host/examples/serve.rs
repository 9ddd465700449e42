//! Keeps a host running until standard input ends, and prints one JSON line that says how to reach it:
//!
//! ```text
//! cargo run -p winrm-host --example serve -- [--port N] [--tls12] [--offer negotiate,ntlm,basic] [--hardening none|relaxed|strict]
//! ```

use std::error::Error;
use std::io::Write;

use secrecy::ExposeSecret;
use tokio::io::AsyncReadExt;
use winrm_host::{HardeningLevel, Host, Scheme, Transport};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut builder = Host::builder()
        .account("operator", "P@ss w0rd-Üñí")
        .environment("DEPLOY_TOKEN", "simulated-secret-4711");
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        builder = match argument.as_str() {
            "--tls12" => builder.transport(Transport::HttpsTls12),
            "--http" => builder.transport(Transport::Http),
            "--port" => builder.port(arguments.next().ok_or("--port needs a number")?.parse()?),
            "--offer" => builder.offer(schemes(&arguments.next().ok_or("--offer needs names")?)?),
            "--hardening" => match arguments.next().as_deref() {
                Some("none") => builder.hardening_level(HardeningLevel::None),
                Some("relaxed") => builder.hardening_level(HardeningLevel::Relaxed),
                Some("strict") => builder.hardening_level(HardeningLevel::Strict),
                _ => return Err("--hardening is none, relaxed or strict".into()),
            },
            other => return Err(format!("unknown argument {other}").into()),
        };
    }
    let host = builder.start().await?;
    let ca = std::env::temp_dir().join(format!("winrm-host-{}.pem", std::process::id()));
    std::fs::write(&ca, host.ca_pem())?;
    writeln!(
        std::io::stdout(),
        "{{\"port\":{},\"user\":\"{}\",\"password\":\"{}\",\"ca\":\"{}\",\"restricted\":\"{}\"}}",
        host.addr().port(),
        host.user(),
        host.password().expose_secret(),
        ca.display().to_string().replace('\\', "\\\\"),
        winrm_host::DEMO_ENDPOINT,
    )?;
    std::io::stdout().flush()?;
    let mut ignored = Vec::new();
    tokio::io::stdin().read_to_end(&mut ignored).await?;
    host.shutdown().await;
    std::fs::remove_file(ca)?;
    Ok(())
}

fn schemes(names: &str) -> Result<Vec<Scheme>, String> {
    names
        .split(',')
        .map(|name| match name {
            "negotiate" => Ok(Scheme::Negotiate),
            "ntlm" => Ok(Scheme::Ntlm),
            "kerberos" => Ok(Scheme::Kerberos),
            "credssp" => Ok(Scheme::CredSsp),
            "basic" => Ok(Scheme::Basic),
            other => Err(format!("unknown scheme {other}")),
        })
        .collect()
}
