//! `find_commands` and `explain_policy`: what may be used and what would become of a call, without a host.

use serde_json::{Value, json};
use winrm_host::HostBuilder;

use crate::support::{Site, text};

#[test]
fn what_may_be_used_is_found_with_its_parameters() {
    let site = Site::new();
    let mut server = site.serve(&[]);
    let result = server.call("find_commands", &json!({ "pattern": "*-Service" }));
    let found = &result["structuredContent"];
    let names: Vec<&str> = found["commands"]
        .as_array()
        .unwrap()
        .iter()
        .map(|command| command["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["Get-Service"], "only what observe allows");
    assert!(text(&result).starts_with("Get-Service (read) "), "{}", text(&result));
    let parameters: Vec<&str> = found["commands"][0]["parameters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|parameter| parameter["name"].as_str().unwrap())
        .collect();
    assert!(parameters.contains(&"Name") && !parameters.contains(&"ComputerName"), "{parameters:?}");

    let result = server.call("find_commands", &json!({ "pattern": "Get-WinEvent" }));
    let line = text(&result);
    // What a closed rule does not list is not offered.
    assert!(line.contains("-LogName <string[]>") && !line.contains("-FilterXml "), "{line}");

    let result = server.call("find_commands", &json!({ "pattern": "*", "access": "change" }));
    assert!(!text(&result).contains("Stop-Service"), "{}", text(&result));
    let result = server.call("find_commands", &json!({ "pattern": "*" }));
    let found = &result["structuredContent"];
    assert_eq!(found["commands"].as_array().unwrap().len(), 40);
    assert!(found["total"].as_u64().unwrap() > 40 && text(&result).contains(" more: give a longer"));
    let ipconfig =
        json!({ "name": "ipconfig", "access": "read", "approval": false, "forms": [[], ["/all"]] });
    assert!(found["programs"].as_array().unwrap().contains(&ipconfig), "{found}");
    assert!(
        text(&result).contains("ipconfig (program, read): ipconfig | ipconfig /all\n"),
        "{}",
        text(&result)
    );
    let result = server.call("find_commands", &json!({ "pattern": "ipconfig", "access": "change" }));
    assert_eq!(result["structuredContent"]["total"], 0, "{result}");
    let result = server.call("find_commands", &json!({ "pattern": "Stop-Computer" }));
    assert_eq!(result["structuredContent"]["total"], 0);
    assert_eq!(result["isError"], false);
    let result = server.call("find_commands", &json!({ "pattern": "x", "host": "web-99" }));
    assert_eq!(result["isError"], true);
    assert!(site.record().entries().is_empty(), "nobody was contacted");
}

#[test]
fn what_an_endpoint_of_its_own_offers_is_found() {
    let jea =
        |builder: HostBuilder| builder.restricted_endpoint("JEA_Web", ["Get-Service", "Restart-Service"]);
    let site = Site::with(jea);
    let mut server = site.serve(&[("CONFIGURATION_NAME", Some("JEA_Web")), ("PROFILE", Some("endpoint"))]);
    let explained = server.call("explain_policy", &json!({ "command": "Get-Process -Name lsass" }));
    assert_eq!(explained["structuredContent"]["judged_at_run"], true, "{explained}");
    assert!(site.record().entries().is_empty(), "an explanation contacts nobody");

    let mut find = |access: &str| {
        server.call("find_commands", &json!({ "pattern": "*", "access": access }))["structuredContent"]
            .clone()
    };
    let names = |found: &Value| -> Vec<String> {
        let commands = found["commands"].as_array().unwrap().iter();
        commands.map(|command| command["name"].as_str().unwrap().to_owned()).collect()
    };
    let read = find("read");
    assert!(names(&read).contains(&"Get-Service".to_owned()), "{read}");
    assert!(!names(&read).iter().any(|name| name == "Restart-Service" || name == "Get-Process"), "{read}");
    assert!(names(&find("change")).contains(&"Restart-Service".to_owned()));
    let service =
        read["commands"].as_array().unwrap().iter().find(|command| command["name"] == "Get-Service");
    let parameters = service.unwrap()["parameters"].as_array().unwrap();
    assert!(parameters.contains(&json!({ "name": "Name", "type": "string[]" })), "{parameters:?}");
    let asked = site.record().entries().len();
    find("all");
    assert_eq!(site.record().entries().len(), asked, "the endpoint is asked once");

    let explained = server.call("explain_policy", &json!({ "command": "Get-Process -Name lsass" }));
    assert_eq!(
        explained["structuredContent"]["decision"], "denied",
        "what is known by now counts: {explained}"
    );
}

#[test]
fn a_call_is_explained_before_it_is_made() {
    let site = Site::new();
    let mut server = site.serve(&[]);
    let mut explain = |arguments| server.call("explain_policy", &arguments);
    let result = explain(json!({ "cmdlet": "Get-Service", "parameters": { "Name": ["W32Time", "a; b"] } }));
    let explanation = &result["structuredContent"];
    assert_eq!((&explanation["decision"], &explanation["host"]), (&json!("allowed"), &json!("localhost")));
    assert!(
        text(&result).contains("-Name:@('W32Time', 'a; b')")
            || text(&result).contains("-Name @('W32Time', 'a; b')"),
        "{}",
        text(&result)
    );

    let result = explain(json!({ "command": "$x = 1\nStop-Computer -Force" }));
    assert_eq!(result["structuredContent"]["position"]["line"], 2);
    assert!(
        text(&result).starts_with("Denied on localhost by observe at line 2, column 1: "),
        "{}",
        text(&result)
    );
    // Which setting would allow it is for the operator.
    assert!(!result.to_string().contains("add \\\"Stop-Computer\\\""), "{result}");

    let result = explain(
        json!({ "command": "Get-Service | Where-Object Status -eq Running | ForEach-Object { $_.Name }" }),
    );
    let plan = result["structuredContent"]["plan"].as_str().unwrap();
    assert!(
        plan.contains("on the host: Get-Service | Where-Object") && plan.contains("here: ForEach-Object"),
        "{plan}"
    );

    let result = explain(json!({ "executable": "cmd", "arguments": ["/c", "dir"] }));
    assert_eq!(result["structuredContent"]["decision"], "denied");
    assert_eq!(explain(json!({}))["isError"], true);
    assert!(site.record().entries().is_empty(), "nobody was contacted");
}
