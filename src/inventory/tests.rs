use super::*;

fn endpoint(text: &str) -> Result<String, EndpointError> {
    Endpoint::parse(text, Scheme::Https, Scheme::default_port).map(|endpoint| endpoint.to_string())
}

fn target(name: &str, tags: &[&str]) -> Target {
    Target {
        name: HostName::new(name),
        endpoint: Endpoint::parse(name, Scheme::Https, Scheme::default_port).unwrap(),
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
fn endpoints_are_read_as_people_write_them() {
    let cases = [
        ("web-01", Ok("https://web-01:5986/wsman")),
        ("web-01.example.com:443", Ok("https://web-01.example.com:443/wsman")),
        ("http://web-01", Ok("http://web-01:5985/wsman")),
        ("https://web-01:5986/wsman", Ok("https://web-01:5986/wsman")),
        ("https://web-01/wsman/", Ok("https://web-01:5986/wsman")),
        ("10.0.0.1", Ok("https://10.0.0.1:5986/wsman")),
        ("fe80::1", Ok("https://[fe80::1]:5986/wsman")),
        ("[FE80::0:1]:8443", Ok("https://[fe80::1]:8443/wsman")),
        ("http://[::1]", Ok("http://[::1]:5985/wsman")),
        ("", Err(EndpointError::Empty)),
        ("web 01", Err(EndpointError::Character { character: ' ' })),
        ("web-01:0", Err(EndpointError::Port("0".to_owned()))),
        ("web-01:+5986", Err(EndpointError::Port("+5986".to_owned()))),
        ("web-01:65536", Err(EndpointError::Port("65536".to_owned()))),
        ("fe80::zz", Err(EndpointError::NotIpv6("fe80::zz".to_owned()))),
        ("[web-01]", Err(EndpointError::NotIpv6("[web-01]".to_owned()))),
        ("[::1]5986", Err(EndpointError::NotIpv6("[::1]5986".to_owned()))),
        ("ftp://web-01", Err(EndpointError::Scheme("ftp".to_owned()))),
        ("https://svc:canary@web-01", Err(EndpointError::UserInfo)),
        ("https://web-01/powershell", Err(EndpointError::Path)),
        ("wéb", Err(EndpointError::Character { character: 'é' })),
    ];
    for (text, expected) in cases {
        assert_eq!(endpoint(text), expected.map(str::to_owned), "{text}");
    }
}

#[test]
fn a_host_is_found_whatever_its_case_and_an_unknown_one_gets_the_nearest_name() {
    let inventory = Inventory::new(vec![target("web-01", &["web"]), target("db-01", &["db"])]).unwrap();
    assert_eq!(inventory.find(&HostName::new("WEB-01")).unwrap().name.as_str(), "web-01");
    let unknown = |asked: &str| inventory.find(&HostName::new(asked)).unwrap_err().fix().unwrap();
    assert_eq!(unknown("web01"), "did you mean \"web-01\"?");
    assert_eq!(unknown("mail-server"), "list_hosts shows the hosts there are");
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
