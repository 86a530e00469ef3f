package dev.sluice.relay;

/** Text of a caller's making, fit for a log line: printable ASCII, not too long, no line of its own. */
final class Plain {
    private static final int LONGEST = 100;

    private Plain() {}

    static String text(String given) {
        int length = Math.min(given.length(), LONGEST);
        for (int i = 0; i < length; i++) {
            if (!printable(given.charAt(i))) {
                return replaced(given, length);
            }
        }
        return length == given.length() ? given : given.substring(0, length) + "…";
    }

    private static String replaced(String given, int length) {
        StringBuilder plain = new StringBuilder(length);
        for (int i = 0; i < length; i++) {
            plain.append(printable(given.charAt(i)) ? given.charAt(i) : '?');
        }
        return plain.toString();
    }

    private static boolean printable(char c) {
        return c > ' ' && c < 127;
    }
}
