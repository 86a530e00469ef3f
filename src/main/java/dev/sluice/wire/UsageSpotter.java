package dev.sluice.wire;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Watches the bytes of one JSON document go by, however they are cut, and keeps only the value of its {@code "usage"}
 * field; tells whether the document is whole. Nothing else of it is kept or decoded.
 *
 * <p>A byte at a time with five words of state: strings are skipped with their escapes, depth is counted, and a field
 * name is compared only at depth one. UTF-8 needs no care, since every byte of a longer character is above 0x7F.
 */
public final class UsageSpotter {
    /** The largest usage seen is below 2 kB; beyond this it is something else. */
    private static final int MOST = 16 * 1024;

    private final byte[] name;
    private int depth;
    private boolean inString;
    private boolean escaped;
    private boolean started;
    private boolean whole;
    private boolean malformed;
    private int matched; // bytes of the current depth-one string that agree with the name; -1: it differs
    private boolean nameSeen; // the last string of depth one was the name
    private boolean capturing;
    private final ByteArrayOutputStream captured = new ByteArrayOutputStream(0);
    private byte @Nullable [] usage;

    public UsageSpotter() {
        this("usage");
    }

    /** @param name of the field, in a form that calls it otherwise */
    public UsageSpotter(String name) {
        this.name = name.getBytes(StandardCharsets.US_ASCII);
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
                matched = depth == 1 ? 0 : -1;
                nameSeen = false;
                started |= depth > 0;
            }
            case '{', '[' -> open(b);
            case '}', ']' -> close();
            case ':' -> {
                // what follows is the value of the name just seen
            }
            case ' ', '\t', '\r', '\n' -> {
                // between tokens
            }
            default -> {
                nameSeen = false;
                malformed |= depth == 0;
            }
        }
    }

    private void string(byte b) {
        if (escaped) {
            escaped = false;
            matched = -1;
        } else if (b == '\\') {
            escaped = true;
        } else if (b == '"') {
            inString = false;
            nameSeen = matched == name.length;
        } else if (matched >= 0) {
            matched = matched < name.length && name[matched] == b ? matched + 1 : -1;
        }
    }

    private void open(byte b) {
        malformed |= whole;
        started = true;
        depth++;
        if (b == '{' && depth == 2 && nameSeen) {
            capturing = true;
            captured.reset();
            captured.write(b);
        }
        nameSeen = false;
    }

    private void close() {
        depth--;
        nameSeen = false;
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

    /** The bytes of the usage object, once it was seen whole. */
    public byte @Nullable [] usage() {
        return usage;
    }
}
