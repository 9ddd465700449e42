//! The codes of WS-Management and their symbolic names, as `wsman.h` has them.

/// The symbolic name of a WS-Management code, such as `ERROR_WSMAN_QUOTA_MAX_SHELLS`.
#[must_use]
pub fn symbolic_name(code: u32) -> Option<&'static str> {
    let key = format!("{code:08X} ");
    TABLE.lines().find_map(|line| line.strip_prefix(&key))
}

/// All codes with their names, in ascending order.
pub fn symbolic_names() -> impl Iterator<Item = (u32, &'static str)> {
    TABLE.lines().filter_map(|line| {
        let (code, name) = line.split_once(' ')?;
        Some((u32::from_str_radix(code, 16).ok()?, name))
    })
}

/// One code and name a line; `data/README.md` says how it is made.
const TABLE: &str = include_str!("../../../data/wsman-codes.txt");
