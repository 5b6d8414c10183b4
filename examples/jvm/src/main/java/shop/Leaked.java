package shop;

/** Defined again and again by {@link Leak.OfClasses}; knows nothing but java.lang, because its loader does not. */
final class Leaked {
    private static final String[] WORDS = "a generated class has a few constants and a few methods".split(" ");

    static String word(int index) {
        return WORDS[Math.floorMod(index, WORDS.length)];
    }

    static int letters() {
        int letters = 0;
        for (String word : WORDS) {
            letters += word.length();
        }
        return letters;
    }

    private Leaked() {}
}
