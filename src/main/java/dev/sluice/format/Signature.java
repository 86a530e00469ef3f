package dev.sluice.format;

/**
 * A mark by which a vendor knows its own thinking again. It means nothing to another vendor, which would refuse it. In
 * a foreign form it carries its maker's name in front, so that it finds its way back: {@code google:Q2x…}; the marks
 * themselves are base64 and hold no colon.
 */
public record Signature(Maker maker, String value) {
    /** Whose it is. */
    public enum Maker {
        ANTHROPIC,
        GOOGLE,
        OPENAI;

        private String prefix() {
            return name().toLowerCase(java.util.Locale.ROOT) + ":";
        }
    }

    /** As it stands in a form whose own maker is {@code home}. */
    String in(Maker home) {
        return maker == home ? value : maker.prefix() + value;
    }

    static Signature read(String text, Maker home) {
        for (Maker maker : Maker.values()) {
            if (text.startsWith(maker.prefix())) {
                return new Signature(maker, text.substring(maker.prefix().length()));
            }
        }
        return new Signature(home, text);
    }
}
