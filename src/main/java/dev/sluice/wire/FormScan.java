package dev.sluice.wire;

import dev.sluice.wire.Refusal.Reason;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads a {@code multipart/form-data} body (RFC 7578) as it goes by, in pieces cut anywhere, for the two fields that the
 * gateway acts on: {@code model}, and where its value stands, and {@code stream}. It keeps nothing else. Not thread-safe.
 */
public final class FormScan {
    private static final Pattern BOUNDARY = Pattern.compile(
            "multipart/form-data\\s*;(?:.*;)?\\s*boundary=(?:\"([^\"\\r\\n]{1,70})\"|([^\\s;\"]{1,70})).*",
            Pattern.CASE_INSENSITIVE);
    private static final Pattern PARAMETER =
            Pattern.compile(";\\s*([A-Za-z*]+)\\s*=\\s*(?:\"((?:\\\\.|[^\"\\\\])*)\"|([^;\\s]*))");

    /** Heads of parts are some 100 bytes; a value of a field that we read is a word. */
    private static final int HEAD_AT_MOST = 8 * 1024;

    private static final int VALUE_AT_MOST = 300;

    private enum State {
        CONTENT,
        AFTER_BOUNDARY,
        HEAD,
        EPILOGUE
    }

    private final byte[] delimiter;
    private State state = State.CONTENT;
    private int matched = 2; // as if a line had ended before the first boundary
    private boolean dash;
    private long at;
    private boolean preamble = true;
    private final byte[] kept = new byte[HEAD_AT_MOST];
    private int keptLength;
    private @Nullable String field;
    private long contentFrom;
    private long modelFrom = -1;
    private long modelTo = -1;
    private @Nullable String model;
    private boolean stream;

    private FormScan(String boundary) {
        this.delimiter = ("\r\n--" + boundary).getBytes(StandardCharsets.ISO_8859_1);
    }

    /** @throws Refusal when that is no type of a form, or names no boundary */
    public static FormScan of(@Nullable String contentType) {
        Matcher matcher = BOUNDARY.matcher(contentType == null ? "" : contentType.strip());
        if (!matcher.matches()) {
            throw new Refusal(
                    Reason.INVALID_VALUE,
                    "The content type of this path is multipart/form-data, with a boundary.",
                    "content-type",
                    null);
        }
        return new FormScan(matcher.group(1) != null ? matcher.group(1) : matcher.group(2));
    }

    /** @throws Refusal when the body is no form, or has two models */
    public void accept(byte[] piece) {
        for (byte each : piece) {
            accept(each);
            at++;
        }
    }

    private void accept(byte next) {
        switch (state) {
            case CONTENT -> content(next);
            case AFTER_BOUNDARY -> afterBoundary(next);
            case HEAD -> head(next);
            case EPILOGUE -> {
                // whatever stands there is nobody's
            }
        }
    }

    private void content(byte next) {
        if (field != null) {
            keep(next, VALUE_AT_MOST + delimiter.length, "The field '" + field + "' is too long.");
        }
        // The first byte of a delimiter stands nowhere else in it, so that a mismatch can only begin a new one.
        matched = next == delimiter[matched] ? matched + 1 : next == '\r' ? 1 : 0;
        if (matched == delimiter.length) {
            if (field != null) {
                read(field);
            }
            matched = 0;
            dash = false;
            preamble = false;
            state = State.AFTER_BOUNDARY;
        }
    }

    private void read(String name) {
        int length = Math.max(0, keptLength - delimiter.length);
        String value = new String(kept, 0, length, StandardCharsets.UTF_8);
        if (name.equals("stream")) {
            stream = value.strip().equalsIgnoreCase("true");
            return;
        }
        if (model != null) {
            throw new Refusal(Reason.INVALID_VALUE, "The form has more than one 'model'.", "model", null);
        }
        modelFrom = contentFrom;
        modelTo = contentFrom + length;
        model = value;
    }

    /** Spaces may stand behind a boundary; two dashes make it the last. */
    private void afterBoundary(byte next) {
        switch (next) {
            case '-' -> {
                if (dash) {
                    state = State.EPILOGUE;
                }
                dash = true;
            }
            case ' ', '\t', '\r' -> {
                // the line ends soon
            }
            case '\n' -> {
                keptLength = 0;
                state = State.HEAD;
            }
            default -> throw malformed();
        }
    }

    private void head(byte next) {
        keep(next, HEAD_AT_MOST, "The head of a part of the form is too long.");
        boolean empty = keptLength == 2 && kept[0] == '\r' && kept[1] == '\n';
        boolean ends = keptLength >= 4
                && kept[keptLength - 4] == '\r'
                && kept[keptLength - 3] == '\n'
                && kept[keptLength - 2] == '\r'
                && next == '\n';
        if (!empty && !ends) {
            return;
        }
        String name = name(new String(kept, 0, keptLength, StandardCharsets.UTF_8));
        field = "model".equals(name) || "stream".equals(name) ? name : null;
        keptLength = 0;
        contentFrom = at + 1;
        matched = 0;
        state = State.CONTENT;
    }

    private static @Nullable String name(String head) {
        for (String line : head.split("\r\n")) {
            if (!line.regionMatches(true, 0, "content-disposition:", 0, 20)) {
                continue;
            }
            Matcher parameter = PARAMETER.matcher(line);
            while (parameter.find()) {
                if (parameter.group(1).equalsIgnoreCase("name")) {
                    return parameter.group(2) != null ? parameter.group(2) : parameter.group(3);
                }
            }
        }
        return null;
    }

    private void keep(byte next, int atMost, String message) {
        if (keptLength == Math.min(atMost, kept.length)) {
            throw new Refusal(Reason.INVALID_VALUE, message, field, null);
        }
        kept[keptLength++] = next;
    }

    /** @throws Refusal when the body, which has ended, is not a whole form */
    public void end() {
        if (state != State.EPILOGUE || preamble) {
            throw malformed();
        }
    }

    private static Refusal malformed() {
        return new Refusal(Reason.INVALID_VALUE, "The body is not a whole multipart/form-data form.", null, null);
    }

    /** Null: not come yet. */
    public @Nullable String model() {
        return model;
    }

    /** The place of the first byte of the model's name in the body. */
    public long modelFrom() {
        return modelFrom;
    }

    /** The place behind the last. */
    public long modelTo() {
        return modelTo;
    }

    /** Whether the field that asks for events has come, so far. */
    public boolean stream() {
        return stream;
    }
}
