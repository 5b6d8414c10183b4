package shop;

/** What every coupon and order costs: {@code ms} of a thread, as a slow dependency would take it, and what leaks of it. */
record Work(int ms, Leak leak) {

    void run() {
        try {
            Thread.sleep(ms);
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        }
        leak.keep();
    }
}
