package dev.sluice.format;

/**
 * A mark by which a vendor knows its own thinking again. It means nothing to another vendor, which would refuse it. In
 * a foreign form it carries its maker's name in front, so that it finds its way back: {@code google:Q2x…}; the marks
 * themselves are base64 and hold no colon. Thinking that only its maker can read is nothing but a mark, and in a form
 * without a word for it has {@code redacted:} before that.
 */
public record Signature(Maker maker, String value) {
    private static final String HIDDEN = "redacted:";

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

    /** As thinking that nobody else can read stands in a form that has no word for it. */
    String hiddenIn(Maker home) {
        return HIDDEN + in(home);
    }

    static boolean hidden(String mark) {
        return mark.startsWith(HIDDEN);
    }

    /** What the mark in such a form says of the thinking before it. */
    static Piece piece(String mark, Maker home) {
        return hidden(mark)
                ? new Piece.Redacted(read(mark.substring(HIDDEN.length()), home))
                : new Piece.Sign(read(mark, home));
    }

    /** Thinking with such a mark; empty: it has none. */
    static Conversation.Part thinking(String text, String mark, Maker home) {
        return hidden(mark)
                ? new Conversation.Part.Redacted(read(mark.substring(HIDDEN.length()), home))
                : new Conversation.Part.Thinking(text, mark.isEmpty() ? null : read(mark, home));
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
