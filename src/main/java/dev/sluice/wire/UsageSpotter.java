package dev.sluice.wire;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Watches the bytes of one JSON document go by, however they are cut, and keeps only what its price depends on: its
 * {@code "usage"}, {@code "service_tier"} and {@code "duration"}; tells whether the document is whole. Nothing else of it is
 * kept or decoded.
 *
 * <p>A byte at a time with a few words of state: strings are skipped with their escapes, depth is counted, and a field
 * name is compared only at depth one. UTF-8 needs no care, since every byte of a longer character is above 0x7F.
 */
public final class UsageSpotter {
    /** The largest usage seen is below 2 kB; beyond this it is something else. */
    private static final int MOST = 16 * 1024;

    private static final byte[] TIER = ascii("service_tier");
    private static final byte[] DURATION = ascii("duration");

    /** No name or tier that matters is longer. */
    private static final int LONGEST = 24;

    /** The field of depth one whose name was seen last. */
    private enum Field {
        OTHER,
        USAGE,
        TIER,
        DURATION
    }

    private final byte[] name;
    private int depth;
    private boolean inString;
    private boolean escaped;
    private boolean started;
    private boolean whole;
    private boolean malformed;
    private final byte[] string = new byte[LONGEST]; // the current one of depth one
    private int length; // beyond the longest: it is nothing that matters
    private Field field = Field.OTHER;
    private Field value = Field.OTHER; // whose value the current string is
    private String tier = "";
    private String duration = "";
    private boolean capturing;
    private final ByteArrayOutputStream captured = new ByteArrayOutputStream(0);
    private byte @Nullable [] usage;

    public UsageSpotter() {
        this("usage");
    }

    /** @param name of the field, in a form that calls it otherwise */
    public UsageSpotter(String name) {
        this.name = ascii(name);
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    public void accept(byte b) {
        if (capturing && captured.size() < MOST) {
            captured.write(b);
        }
        if (inString) {
            string(b);
            return;
        }
        switch (b) {
            case '"' -> {
                inString = true;
                length = depth == 1 ? 0 : LONGEST + 1;
                value = field;
                field = Field.OTHER;
                started |= depth > 0;
            }
            case '{', '[' -> open(b);
            case '}', ']' -> close();
            case ':' -> {
                if (field == Field.DURATION) {
                    duration = ""; // what follows is its value
                }
            }
            case ' ', '\t', '\r', '\n' -> {
                // between tokens
            }
            default -> {
                malformed |= depth == 0;
                if (field == Field.DURATION && b != ',' && duration.length() < LONGEST) {
                    duration += (char) b;
                } else {
                    field = Field.OTHER;
                }
            }
        }
    }

    private void string(byte b) {
        if (escaped) {
            escaped = false;
            length = LONGEST + 1;
        } else if (b == '\\') {
            escaped = true;
        } else if (b == '"') {
            inString = false;
            ended();
        } else if (length < LONGEST) {
            string[length++] = b;
        } else if (length == LONGEST) {
            length++;
        }
    }

    /** A string of depth one is the name of a field, or its value. */
    private void ended() {
        if (length > LONGEST) {
            return;
        }
        switch (value) {
            case TIER -> tier = new String(string, 0, length, StandardCharsets.US_ASCII);
            case DURATION -> duration = new String(string, 0, length, StandardCharsets.US_ASCII);
            case USAGE, OTHER -> {
                if (is(name)) {
                    field = Field.USAGE;
                } else if (is(TIER)) {
                    field = Field.TIER;
                } else if (is(DURATION)) {
                    field = Field.DURATION;
                }
            }
        }
    }

    private boolean is(byte[] what) {
        return Arrays.equals(string, 0, length, what, 0, what.length);
    }

    private void open(byte b) {
        malformed |= whole;
        started = true;
        depth++;
        if (b == '{' && depth == 2 && field == Field.USAGE) {
            capturing = true;
            captured.reset();
            captured.write(b);
        }
        field = Field.OTHER;
    }

    private void close() {
        depth--;
        field = Field.OTHER;
        if (capturing && depth == 1) {
            capturing = false;
            usage = captured.toByteArray();
        }
        if (depth == 0) {
            whole = true;
        } else if (depth < 0) {
            malformed = true;
            depth = 0;
        }
    }

    /** Whether one document began and ended, with nothing but white space around it. */
    public boolean whole() {
        return started && whole && !malformed && !inString;
    }

    /** Whether what was seen so far cannot be a JSON document. */
    public boolean malformed() {
        return malformed;
    }

    /** The tier at which it was answered, where it says so. */
    public Usage.Tier tier() {
        return Usage.Tier.of(tier);
    }

    /** How long the recording is that it tells of; 0: it does not say. */
    public long soundMillis() {
        try {
            return duration.isEmpty() ? 0 : Math.max(0, Math.round(Double.parseDouble(duration) * 1_000));
        } catch (NumberFormatException e) {
            return 0;
        }
    }

    /** The bytes of the usage object, once it was seen whole. */
    public byte @Nullable [] usage() {
        return usage;
    }
}
