package dev.sluice.wire;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Watches the bytes of JSON go by, however they are cut, and hands over the text in some fields, decoded, a character at
 * a time. Nothing is kept. A field's text is its string, or the strings of its array; what is deeper has fields of its own.
 */
public final class TextSpotter {
    /** Takes the text. */
    @FunctionalInterface
    public interface Reader {
        void accept(char character);
    }

    private enum Value {
        NONE,
        EXPECTED,
        LIST
    }

    private final byte[][] names;
    private final Reader reader;
    private Value value = Value.NONE;
    private boolean inString;
    private boolean reading; // the string's text is wanted
    private boolean escaped;
    private int hexDigits; // still to come of \\uXXXX
    private int hex;
    private int more; // bytes still to come of a character in UTF-8
    private int point;
    private int length; // of the string so far, when it may be a name
    private long alike; // one bit for each name that the string agrees with up to now
    private boolean named; // the string that just ended is one of the names

    /** @param names of fields, at most 64, in ASCII */
    public TextSpotter(Reader reader, String... names) {
        this.reader = reader;
        this.names = Arrays.stream(names)
                .map(name -> name.getBytes(StandardCharsets.US_ASCII))
                .toArray(byte[][]::new);
    }

    public void accept(byte[] bytes, int from, int to) {
        for (int at = from; at < to; at++) {
            byte b = bytes[at];
            if (!inString) {
                between(b);
            } else if (escaped || hexDigits > 0) {
                escape(b);
            } else if (b == '"') {
                close();
            } else if (b == '\\') {
                escaped = true;
                alike = 0;
            } else if (reading) {
                utf8(b);
            } else {
                name(b);
            }
        }
    }

    private void between(byte b) {
        switch (b) {
            case '"' -> {
                inString = true;
                reading = value != Value.NONE;
                length = 0;
                alike = reading ? 0 : -1;
                named = false;
            }
            case ':' -> {
                value = named ? Value.EXPECTED : Value.NONE;
                named = false;
            }
            case '[' -> value = value == Value.EXPECTED ? Value.LIST : Value.NONE;
            case ',' -> value = value == Value.LIST ? Value.LIST : Value.NONE;
            case ' ', '\n', '\r', '\t' -> {
                // between tokens
            }
            default -> value = Value.NONE;
        }
    }

    private void close() {
        inString = false;
        if (reading) {
            reading = false;
            value = value == Value.LIST ? Value.LIST : Value.NONE;
            return;
        }
        for (int each = 0; each < names.length; each++) {
            named |= (alike & 1L << each) != 0 && names[each].length == length;
        }
    }

    private void name(byte b) {
        if (alike != 0) {
            for (int each = 0; each < names.length; each++) {
                boolean agrees = length < names[each].length && names[each][length] == b;
                alike = agrees ? alike : alike & ~(1L << each);
            }
            length++;
        }
    }

    private void escape(byte b) {
        if (hexDigits > 0) {
            hex = hex << 4 | Math.max(0, Character.digit(b, 16));
            if (--hexDigits == 0) {
                give((char) hex);
            }
            return;
        }
        escaped = false;
        if (b == 'u') {
            hexDigits = 4;
            hex = 0;
            return;
        }
        give(
                switch (b) {
                    case 'n' -> '\n';
                    case 't' -> '\t';
                    case 'r' -> '\r';
                    case 'b' -> '\b';
                    case 'f' -> '\f';
                    default -> (char) (b & 0x7F);
                });
    }

    private void utf8(byte b) {
        if (b >= 0) {
            more = 0;
            reader.accept((char) b);
        } else if ((b & 0xC0) == 0x80) {
            continued(b);
        } else {
            more = (b & 0xE0) == 0xC0 ? 1 : (b & 0xF0) == 0xE0 ? 2 : 3;
            point = b & (0x3F >> more);
        }
    }

    private void continued(byte b) {
        if (more == 0) {
            return; // a stray byte
        }
        point = point << 6 | b & 0x3F;
        if (--more > 0) {
            return;
        }
        if (Character.isBmpCodePoint(point)) {
            reader.accept((char) point);
        } else if (Character.isValidCodePoint(point)) {
            reader.accept(Character.highSurrogate(point));
            reader.accept(Character.lowSurrogate(point));
        }
    }

    private void give(char character) {
        if (reading) {
            reader.accept(character);
        }
    }
}
