//! Endpoints that show some commands only and have no language.

use winrm_host::{DEMO_ENDPOINT, Host};
use winrm_proto::clixml::Value;
use winrm_proto::psrp::{Command, GetCommandMetadata, PipelineState};
use winrm_proto::wsman::ResourceUri;

use crate::peer::code;
use crate::pool::{Outcome, Pool};

async fn pool(host: &Host, configuration: &str) -> Pool {
    Pool::open(host, ResourceUri::powershell(configuration).unwrap(), 1).await.unwrap()
}

fn property(name: &str) -> Command {
    Command::new("Select-Object").parameter("Property", Value::array(vec![Value::from(name)]))
}

fn names(outcome: &Outcome) -> Vec<String> {
    outcome.output.iter().filter_map(|value| Some(value.property("Name")?.to_string())).collect()
}

#[tokio::test]
async fn an_endpoint_shows_its_commands_and_has_no_language() {
    let host = Host::builder()
        .restricted_endpoint("Operators", ["Get-Service", "hostname.exe"])
        .start()
        .await
        .unwrap();
    let mut pool = pool(&host, "Operators").await;
    let service = || Command::new("Get-Service").parameter("Name", "W32Time");
    assert_eq!(names(&pool.run(vec![service(), property("Name")]).await), ["W32Time"]);
    assert_eq!(pool.run(vec![Command::new("hostname")]).await.output, [Value::from("WEB-01")]);
    let hidden = pool.run(vec![Command::new("Restart-Service").parameter("Name", "Spooler")]).await;
    assert_eq!(hidden.state, Some(PipelineState::Failed));
    assert!(hidden.error.unwrap().starts_with("The term 'Restart-Service' is not recognized"));
    let script = pool.run(vec![Command::script("Get-Service W32Time")]).await;
    assert!(script.error.unwrap().contains("no-language mode"));

    let unknown = ResourceUri::powershell("Nobody").unwrap();
    assert_eq!(code(Pool::open(&host, unknown, 1).await.map(drop)), 0x8033_8000);
}

#[tokio::test]
async fn every_host_has_one() {
    let host = Host::builder().start().await.unwrap();
    let mut pool = pool(&host, DEMO_ENDPOINT).await;
    let commands = names(&pool.run(vec![Command::new("Get-Command")]).await);
    for name in ["Get-Service", "Restart-Service", "Clear-Host", "Exit-PSSession", "Get-FormatData"] {
        assert!(commands.iter().any(|own| own == name), "{name}: {commands:?}");
    }
    for hidden in
        ["Out-String", "ConvertTo-Json", "Where-Object", "Stop-Service", "ForEach-Object", "Write-Output"]
    {
        assert!(!commands.iter().any(|own| own == hidden), "{hidden}");
        let error = pool.run(vec![Command::new(hidden)]).await.error.unwrap();
        assert!(error.starts_with(&format!("The term '{hidden}' is not recognized")), "{error}");
    }
    assert!(
        pool.run(vec![Command::new("Restart-Service").parameter("Name", "Spooler")]).await.error.is_none()
    );
}

#[tokio::test]
async fn plain_names_only() {
    let host = Host::builder().start().await.unwrap();
    let mut pool = pool(&host, DEMO_ENDPOINT).await;
    let qualified = "Microsoft.PowerShell.Management\\Get-Service";
    let refused = pool.run(vec![Command::new(qualified).parameter("Name", "W32Time")]).await;
    assert!(refused.error.unwrap().contains("is not recognized"));
    let mut full = Pool::of(&host).await;
    assert_eq!(full.run(vec![Command::new(qualified).parameter("Name", "W32Time")]).await.output.len(), 1);
}

#[tokio::test]
async fn its_own_functions_take_little() {
    let host = Host::builder().start().await.unwrap();
    let mut pool = pool(&host, DEMO_ENDPOINT).await;
    let services = || Command::new("Get-Service");
    let first = pool.run(vec![services(), Command::new("Select-Object").parameter("First", 1)]).await;
    assert_eq!(
        first.error.as_deref(),
        Some("A parameter cannot be found that matches parameter name 'First'.")
    );
    let status = pool.run(vec![services(), property("Status")]).await;
    assert!(status.error.unwrap().contains("does not belong to the set"));
    let counted = pool.run(vec![services(), Command::new("Measure-Object")]).await;
    assert_eq!(counted.output[0].property("Count"), Some(&Value::from(21)));
}

#[tokio::test]
async fn metadata_tells_what_a_client_may_run() {
    let host = Host::builder().start().await.unwrap();
    let mut pool = pool(&host, DEMO_ENDPOINT).await;
    let pipeline = uuid::Uuid::new_v4();
    pool.protocol.command_metadata(pipeline, GetCommandMetadata::named(&["*-Service", "Select-*"])).unwrap();
    pool.flush().await.unwrap();
    let outcome = pool.collect(pipeline).await;
    assert_eq!(outcome.output[0].property("Count"), Some(&Value::from(3)));
    assert_eq!(names(&outcome), ["Get-Service", "Restart-Service", "Select-Object"]);
    let parameters =
        |at: usize| outcome.output[at].property("Parameters").unwrap().own_object().unwrap().clone();
    let has = |at: usize, name: &str| {
        parameters(at).entries().unwrap().iter().any(|(key, _)| *key == Value::from(name))
    };
    assert!(has(1, "DisplayName") && has(1, "ErrorAction"));
    assert!(has(3, "Property") && !has(3, "First"));
}
