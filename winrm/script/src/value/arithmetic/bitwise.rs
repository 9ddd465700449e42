//! `-band`, `-bor`, `-bxor`, `-shl`, `-shr` and `-bnot`.

use crate::value::convert::convert;
use crate::value::type_name::Plain;
use crate::value::{Fault, Outcome, Type, Value};

/// An operator on bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Bitwise {
    /// `-band`.
    And,
    /// `-bor`.
    Or,
    /// `-bxor`.
    Xor,
    /// `-shl`.
    ShiftLeft,
    /// `-shr`.
    ShiftRight,
}

/// `left operator right` on bits.
///
/// # Errors
/// Operands that are no integers.
pub fn bitwise(operator: Bitwise, left: &Value, right: &Value) -> Outcome<Value> {
    let (left, right) = (left.base(), right.base());
    if let (Value::Enum(left), Value::Enum(_) | Value::String(_)) = (&left, &right) {
        return Err(Fault::unsupported(format!("bitwise operators on [{}]", left.type_name)));
    }
    let left = bits(&left)?;
    if matches!(operator, Bitwise::ShiftLeft | Bitwise::ShiftRight) {
        let Value::Int32(by) = convert(&right, Type::Plain(Plain::Int32))? else { return Ok(Value::Null) };
        let by = by.cast_unsigned();
        return Ok(match (left, operator) {
            (Value::Int64(left), Bitwise::ShiftLeft) => Value::Int64(left.wrapping_shl(by)),
            (Value::Int64(left), _) => Value::Int64(left.wrapping_shr(by)),
            (Value::Int32(left), Bitwise::ShiftLeft) => Value::Int32(left.wrapping_shl(by)),
            (Value::Int32(left), _) => Value::Int32(left.wrapping_shr(by)),
            _ => return Err(Fault::unsupported("shifts of this type")),
        });
    }
    let right = bits(&right)?;
    let apply = |left: i64, right: i64| match operator {
        Bitwise::And => left & right,
        Bitwise::Or => left | right,
        _ => left ^ right,
    };
    match (&left, &right) {
        (Value::Int32(left), Value::Int32(right)) => {
            let result = apply((*left).into(), (*right).into());
            Ok(i32::try_from(result).map_or(Value::Int64(result), Value::Int32))
        }
        _ => match (left.as_integer().map(i64::try_from), right.as_integer().map(i64::try_from)) {
            (Some(Ok(left)), Some(Ok(right))) => Ok(Value::Int64(apply(left, right))),
            _ => Err(Fault::unsupported("bitwise operators on this type")),
        },
    }
}

/// `-bnot value`.
///
/// # Errors
/// An operand that is no integer.
pub fn bit_not(value: &Value) -> Outcome<Value> {
    Ok(match bits(&value.base())? {
        Value::Int32(number) => Value::Int32(!number),
        Value::Int64(number) => Value::Int64(!number),
        _ => return Err(Fault::unsupported("-bnot on this type")),
    })
}

fn bits(value: &Value) -> Outcome<Value> {
    match value {
        Value::Int32(_) | Value::Int64(_) => Ok(value.clone()),
        Value::Null => Ok(Value::Int32(0)),
        Value::Boolean(value) => Ok(Value::Int32((*value).into())),
        Value::Enum(value) => {
            Ok(i32::try_from(value.number).map_or(Value::Int64(value.number), Value::Int32))
        }
        Value::Byte(_) | Value::SByte(_) | Value::Int16(_) | Value::UInt16(_) => {
            convert(value, Type::Plain(Plain::Int32))
        }
        Value::UInt32(number) => Ok(Value::Int64((*number).into())),
        Value::UInt64(_) => Err(Fault::unsupported("bitwise operators on [ulong]")),
        other => match convert(other, Type::Plain(Plain::Int64))? {
            Value::Int64(number) => Ok(i32::try_from(number).map_or(Value::Int64(number), Value::Int32)),
            _ => Err(Fault::unsupported("bitwise operators on this type")),
        },
    }
}
