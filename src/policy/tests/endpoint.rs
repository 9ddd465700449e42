//! What the profile `endpoint` makes of what an endpoint offers.

use super::{NOW, call, policy, target};
use crate::{
    call::Work,
    policy::{Denial, Offered, OfferedCommand, OfferedParameter, Settings},
};

fn offering(parameters: &[&str]) -> Offered {
    let parameter =
        |name: &&str| OfferedParameter { name: (*name).to_owned(), type_name: "System.String[]".to_owned() };
    Offered::new([OfferedCommand {
        name: "Get-Content".to_owned(),
        parameters: parameters.iter().map(parameter).collect(),
    }])
}

fn judged(text: &str, offered: &Offered) -> Result<String, Denial> {
    let settings = Settings { profile: Some("endpoint".to_owned()), ..Settings::default() };
    let work = Work::PowerShell { text: text.to_owned() };
    let judgement = policy(&settings).judge_at(&call(work), &target(), NOW, Some(offered));
    judgement.into_result().map(|allowed| allowed.judged().text())
}

#[test]
fn a_path_goes_by_the_name_that_the_endpoint_offers() {
    let both = offering(&["Path", "LiteralPath"]);
    assert_eq!(judged("Get-Content C:\\x", &both), Ok("Get-Content -LiteralPath 'C:\\x'".to_owned()));
    let one = offering(&["Path"]);
    assert_eq!(judged("Get-Content C:\\x", &one), Ok("Get-Content -Path 'C:\\x'".to_owned()));
    assert_eq!(judged("Get-Content -Path C:\\x", &one), Ok("Get-Content -Path 'C:\\x'".to_owned()));
    assert!(judged("Get-Content -LiteralPath C:\\x", &one).is_err());
    assert!(judged("Get-Content -Path \\\\host\\x", &one).is_err());
}
