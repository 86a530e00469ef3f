package dev.sluice.wire;

/** A name pattern in which {@code *} stands for any run of characters, and every other character for itself. */
public record Glob(String pattern) {

    /** Whether the whole name matches. Linear in the name for each star: a hostile pattern cannot stall a call. */
    public boolean matches(String name) {
        int p = 0;
        int n = 0;
        int star = -1;
        int resume = 0;
        while (n < name.length()) {
            if (p < pattern.length() && pattern.charAt(p) == '*') {
                star = p++;
                resume = n;
            } else if (p < pattern.length() && pattern.charAt(p) == name.charAt(n)) {
                p++;
                n++;
            } else if (star >= 0) {
                p = star + 1;
                n = ++resume;
            } else {
                return false;
            }
        }
        while (p < pattern.length() && pattern.charAt(p) == '*') {
            p++;
        }
        return p == pattern.length();
    }

    /** Whether it is a plain name, without any star. */
    public boolean exact() {
        return pattern.indexOf('*') < 0;
    }
}
