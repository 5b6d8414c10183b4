package shop;

/** A request that cannot be understood, or that a business rule refuses; its message is the {@code error} of the answer. */
final class BadRequest extends Exception {
    BadRequest(String error) {
        super(error, null, false, false); // no stack: sold out is no accident, and happens thousands of times a second
    }
}
