use super::*;

fn target(name: &str, tags: &[&str]) -> Target {
    Target {
        name: HostName::new(name),
        endpoint: Endpoint::parse(name).unwrap(),
        login: Login {
            user: "svc".to_owned(),
            password: Reference::Environment("P".to_owned()),
            scheme: AuthScheme::default(),
        },
        tags: tags.iter().map(|tag| Tag::parse(tag).unwrap()).collect(),
        trust: Trust::default(),
        proxy: None,
        timeouts: Timeouts::default(),
        max_retries: 3,
        remoting: Remoting::default(),
    }
}

#[test]
fn a_host_is_found_whatever_its_case_and_an_unknown_one_gets_the_nearest_name() {
    let inventory = Inventory::new(vec![target("web-01", &["web"]), target("db-01", &["db"])]).unwrap();
    assert_eq!(inventory.find(&HostName::new("WEB-01")).unwrap().name.as_str(), "web-01");
    let unknown = |asked: &str| inventory.find(&HostName::new(asked)).unwrap_err().fix().unwrap();
    assert_eq!(unknown("web01"), "did you mean \"web-01\"?");
    assert_eq!(unknown("mail-server"), "list_hosts and check-config show the hosts there are");
    assert_eq!(inventory.only(), Err(InventoryError::Ambiguous { count: 2 }));
    assert_eq!(inventory.select("@DB").unwrap().len(), 1);
    assert_eq!(inventory.select("@wbe").unwrap_err().fix().unwrap(), "did you mean \"@web\"?");
    assert_eq!(Inventory::default().only(), Err(InventoryError::Empty));
}

#[test]
fn two_hosts_of_one_name_are_refused() {
    let twice = Inventory::new(vec![target("web-01", &[]), target("WEB-01", &[])]);
    assert_eq!(twice, Err(InventoryError::Twice(HostName::new("WEB-01"))));
}

#[test]
fn nearest_names() {
    let names = ["Get-Service", "Get-Process", "Set-Service", "get-hotfix"];
    let cases = [
        ("Get-Servcie", Some("Get-Service")),
        ("get-process", Some("Get-Process")),
        ("Get-Proc", Some("Get-Process")),
        ("Remove-Everything", None),
        ("", None),
    ];
    for (asked, expected) in cases {
        assert_eq!(nearest::nearest(asked, names), expected, "{asked}");
    }
}
