//! Large arrays of a fixed size on the heap.

/// A boxed array with every element set to `value`. It is never on the stack, and an array of zeros is memory that comes
/// zeroed from the system, untouched until it is used.
pub(crate) fn boxed_array<T: Clone, const SIZE: usize>(value: T) -> Box<[T; SIZE]> {
    let boxed = vec![value; SIZE].into_boxed_slice();
    boxed.try_into().unwrap_or_else(|_| unreachable!("the vector has SIZE elements"))
}
