package shop;

import java.util.concurrent.atomic.AtomicLongArray;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * Each order once, as the 8 bytes that answer a retry and the ledger: [16 bits of what was ordered][48 bits of its key].
 *
 * <p>An order is kept for ever, which would itself look like a leak. Therefore it is no object but one entry of a hash table
 * of longs (open addressing), which is made large enough at the start: 16 MB for 1.5 million orders, and the heap does not
 * move. Were there more, it would double.
 *
 * <p>Of a key are kept its last 8 hex digits, by which a client is recognised in the ledger, and 16 bits of a hash of the
 * rest: two keys that differ only there are taken for one another once in 65,536 times.
 */
final class Orders {
    static final int DIGITS = 12;
    private static final int DIGITS_OF_CLIENT = 8;
    private static final long KEY = (1L << 48) - 1;
    private static final long SPREAD = 0x9E3779B97F4A7C15L; // Fibonacci hashing, Knuth 6.4: 2^64 / golden ratio; the upper bits count

    private volatile AtomicLongArray table; // a power of two long, at most 3/4 full; 0: free, which no entry is, see ordered()
    private int stored;

    Orders(int room) {
        table = new AtomicLongArray(2 * Integer.highestOneBit(room * 4 / 3));
    }

    /** Stores the order once, however often it is placed. */
    void place(long number, int item, int quantity) throws BadRequest {
        long entry = ordered(item, quantity) << 48 | number;
        if (stored(entry) != entry) {
            throw new BadRequest("key_used_for_another_order");
        }
    }

    /** The keys of all orders, each 12 hex digits of which the last 8 are the client's own. Read in place: a copy is 16 MB. */
    LongStream keys() {
        AtomicLongArray now = table;
        return IntStream.range(0, now.length()).mapToLong(now::get).filter(entry -> entry != 0).map(entry -> entry & KEY);
    }

    private synchronized long stored(long entry) {
        int slot = slot(table, entry);
        if (table.get(slot) != 0) {
            return table.get(slot);
        }
        table.set(slot, entry);
        if (++stored > table.length() / 4 * 3) {
            table = doubled(table);
        }
        return entry;
    }

    private static AtomicLongArray doubled(AtomicLongArray table) {
        AtomicLongArray larger = new AtomicLongArray(table.length() * 2);
        for (int each = 0; each < table.length(); each++) {
            if (table.get(each) != 0) {
                larger.set(slot(larger, table.get(each)), table.get(each));
            }
        }
        return larger;
    }

    /** Where the entry's key is, or else would be. */
    private static int slot(AtomicLongArray table, long entry) {
        int last = table.length() - 1;
        int slot = (int) ((entry & KEY) * SPREAD >>> Long.numberOfLeadingZeros(last));
        while (table.get(slot) != 0 && ((table.get(slot) ^ entry) & KEY) != 0) {
            slot = slot + 1 & last;
        }
        return slot;
    }

    /** The 48 bits that are kept of an idempotency key; they are also the order's number. */
    static long numberOf(String key) throws BadRequest {
        int split = key == null || key.length() > Json.LONGEST ? -1 : key.length() - DIGITS_OF_CLIENT;
        if (split < 0 || !key.substring(split).matches("[0-9a-fA-F]+")) {
            throw new BadRequest("bad_idempotency_key");
        }
        long rest = key.substring(0, split).hashCode() & 0xFFFFL;
        return rest << 32 | Long.parseLong(key.substring(split), 16);
    }

    private static long ordered(int item, int quantity) {
        return Math.max(1, (item * 1_000_001L + quantity) * SPREAD >>> 48);
    }
}
