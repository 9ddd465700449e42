//! The one integration binary of the root package: what the finished program promises, from outside.

mod order;
