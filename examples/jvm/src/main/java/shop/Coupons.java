package shop;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * The coupons of one event, and who holds one. Asking and giving are one step under one lock, so that none is given twice.
 *
 * <p>It holds at most {@code stock} users, about 100 bytes each, and forgets who came too late.
 */
final class Coupons {
    static final String EVENT = "spring";

    private final Set<String> holders = new LinkedHashSet<>();
    private final int stock;

    Coupons(int stock) {
        this.stock = stock;
    }

    int stock() {
        return stock;
    }

    synchronized void issue(String user) throws BadRequest {
        if (holders.size() >= stock) {
            throw new BadRequest("sold_out");
        }
        if (!holders.add(user)) {
            throw new BadRequest("already_issued");
        }
    }

    synchronized List<String> holders() {
        return List.copyOf(holders);
    }
}
