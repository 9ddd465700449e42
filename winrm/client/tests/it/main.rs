//! The client against peers that do what they should, and against peers that do not.

#[cfg(test)]
mod peer;
