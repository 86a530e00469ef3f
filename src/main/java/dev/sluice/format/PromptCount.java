package dev.sluice.format;

import dev.sluice.wire.TextSpotter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;

/**
 * The number of prompt tokens in a request's body, counted when the vendor does not say. Text by the tokenizer; each
 * message four more, as OpenAI's cookbook has it; images and sound in the body by what OpenAI publishes of them:
 *
 * <ul>
 *   <li>an image of low detail 85; another 85 and 170 for each tile of 512 pixels, after it was scaled into a square of 2,048
 *       and to a shorter side of 768; of an image whose size cannot be seen, 765, as for 1,024 by 1,024
 *   <li>sound ten a second; of sound whose length cannot be seen, as for 128 kbit/s
 * </ul>
 *
 * <p>Of a body beyond 256 KiB without its images only the first part is counted, and the rest taken to be alike: this runs where
 * nothing may take long.
 */
public final class PromptCount {
    private static final int READ_AT_MOST = 256 * 1024;
    private static final int PER_MESSAGE = 4;
    private static final int LOW_DETAIL = 85;
    private static final int PER_TILE = 170;
    private static final int UNSEEN_IMAGE = 765;
    private static final int PER_SECOND = 10;
    private static final byte[] ROLE = "\"role\"".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] LOW = "\"low\"".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] REMOTE = "\"image_url\"".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] DATA = "\"data\"".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] MARK = ";base64,".getBytes(StandardCharsets.US_ASCII);

    private final byte[] body;
    private final TokenCount text = new TokenCount();
    private final TextSpotter spotter = new TextSpotter(
            text,
            "content",
            "text",
            "input",
            "prompt",
            "instructions",
            "system",
            "arguments",
            "name",
            "description",
            "refusal",
            "reasoning_content");
    private long read;
    private long unread;
    private long media;
    private long lastImage = LOW_DETAIL; // a detail is stated behind its image
    private long messages;

    private PromptCount(byte[] body) {
        this.body = body;
    }

    public static long of(byte[] body) {
        return new PromptCount(body).count();
    }

    /** How many bytes a second a recording has whose beginning is among these, WAV or MP3 with a tag; 0: it is none. */
    public static int soundRate(byte[] bytes) {
        for (int at = 0; at + 3 <= bytes.length; at++) {
            if (bytes[at] == 'R' || bytes[at] == 'I') {
                byte[] head = Arrays.copyOfRange(bytes, at, Math.min(bytes.length, at + Media.HEAD));
                int rate = Media.rate(head);
                if (rate > 0) {
                    return rate;
                }
            }
        }
        return 0;
    }

    private long count() {
        int from = 0;
        int at = 0;
        while (at < body.length) {
            if (body[at] != '"') {
                at++;
                continue;
            }
            int end = endOfString(at + 1);
            int payload = payload(at + 1, end);
            if (payload >= 0) {
                text(from, at);
                media(payload, end);
                from = end;
            } else if (is(ROLE, at) && namesField(end)) {
                messages++;
            } else if (is(REMOTE, at) && namesField(end) && !inlineBehind(end)) {
                lastImage = UNSEEN_IMAGE;
                media += lastImage;
            } else if (is(LOW, at)) {
                media -= lastImage - LOW_DETAIL;
                lastImage = LOW_DETAIL;
            }
            at = end + 1;
        }
        text(from, body.length);
        long tokens = text.total();
        return tokens + (read == 0 ? 0 : tokens * unread / read) + media + messages * PER_MESSAGE;
    }

    private void text(int from, int to) {
        int part = (int) Math.min(to - from, READ_AT_MOST - read);
        if (part > 0) {
            spotter.accept(body, from, from + part);
            read += part;
        }
        unread += Math.max(0, to - from - Math.max(0, part));
    }

    private int endOfString(int at) {
        int end = at;
        while (end < body.length && body[end] != '"') {
            end += body[end] == '\\' ? 2 : 1;
        }
        return Math.min(end, body.length);
    }

    private boolean is(byte[] what, int at) {
        return Arrays.equals(body, at, Math.min(body.length, at + what.length), what, 0, what.length);
    }

    private boolean namesField(int end) {
        int at = end + 1;
        while (at < body.length && body[at] == ' ') {
            at++;
        }
        return at < body.length && body[at] == ':';
    }

    /** Whether the value behind a field's name is an image that comes along, and is counted there. */
    private boolean inlineBehind(int end) {
        for (int at = end; at < Math.min(body.length, end + 80); at++) {
            if (is(MARK, at)) {
                return true;
            }
        }
        return false;
    }

    /** Where the Base64 of a string begins; -1: it is none. Short ones are not looked at. */
    private int payload(int from, int to) {
        if (to - from < 256) {
            return -1;
        }
        for (int at = from; at < Math.min(to, from + 64); at++) {
            if (is(MARK, at)) {
                return at + MARK.length;
            }
        }
        int name = before(from - 1);
        return name >= 0 && is(DATA, name) ? from : -1;
    }

    /** Where the name of the field begins whose value's quote stands here. */
    private int before(int quote) {
        int at = quote - 1;
        while (at > 0 && (body[at] == ' ' || body[at] == ':')) {
            at--;
        }
        return at - DATA.length + 1;
    }

    private void media(int from, int to) {
        byte[] head;
        try {
            int length = Math.min(to - from, 64 * 1024) / 4 * 4;
            head = Base64.getDecoder().decode(Arrays.copyOfRange(body, from, from + length));
        } catch (IllegalArgumentException e) {
            head = new byte[0]; // escaped slashes, or no Base64 after all
        }
        long bytes = (to - from) * 3L / 4;
        long seconds = Media.seconds(head, bytes);
        if (seconds >= 0) {
            media += seconds * PER_SECOND;
            return;
        }
        Media.Size size = Media.size(head);
        lastImage = size == null ? UNSEEN_IMAGE : tiles(size);
        media += lastImage;
    }

    private static long tiles(Media.Size size) {
        double fit = Math.min(1, 2_048.0 / Math.max(size.width(), size.height()));
        double width = size.width() * fit;
        double height = size.height() * fit;
        double shorter = Math.min(1, 768 / Math.min(width, height));
        long across = (long) Math.ceil(width * shorter / 512);
        long down = (long) Math.ceil(height * shorter / 512);
        return LOW_DETAIL + PER_TILE * across * down;
    }
}
