//! Large arrays of a known size, made where they stay.

/// An array of `value`s in a box, that was never on the stack; what is zero comes from the system as it is.
pub(super) fn boxed<T: Clone, const SIZE: usize>(value: T) -> Box<[T; SIZE]> {
    let boxed = vec![value; SIZE].into_boxed_slice();
    boxed.try_into().unwrap_or_else(|_| unreachable!("it is as long"))
}
