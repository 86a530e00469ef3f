package dev.sluice.format;

import com.knuddels.jtokkit.Encodings;
import com.knuddels.jtokkit.api.Encoding;
import com.knuddels.jtokkit.api.EncodingType;
import dev.sluice.wire.TextSpotter;
import org.jspecify.annotations.Nullable;

/**
 * The number of model tokens in a text that goes by, for answers whose vendor sends no usage. The tokenizer is the one of
 * OpenAI's models since GPT-4o (o200k_base), which comes with the program; other vendors' differ by some percent. At most a few
 * hundred characters are kept, until the next word begins. Not thread-safe.
 */
public final class TokenCount implements TextSpotter.Reader {
    /** So much is counted at a time: calls are dear, and tokens do not cross from one word to the next. */
    private static final int GATHERED = 512;

    /** Before the tokenizer is loaded. */
    private static final int CHARACTERS_PER_TOKEN = 4;

    private static volatile @Nullable Encoding encoding;

    private final StringBuilder gathered = new StringBuilder(GATHERED + 1);
    private long counted;

    /** Loads the tokenizer: some 700 ms, and 31 MB that stay. */
    public static void load() {
        encoding = Encodings.newLazyEncodingRegistry().getEncoding(EncodingType.O200K_BASE);
    }

    public void add(String text) {
        for (int at = 0; at < text.length(); at++) {
            accept(text.charAt(at));
        }
    }

    @Override
    public void accept(char character) {
        gathered.append(character);
        if (gathered.length() >= GATHERED) {
            int word = lastWord();
            counted += tokens(gathered.substring(0, word));
            gathered.delete(0, word);
        }
    }

    /** Where the last word begins: its blank belongs to it. */
    private int lastWord() {
        for (int at = gathered.length() - 1; at > 0; at--) {
            if (gathered.charAt(at) == ' ' && gathered.charAt(at - 1) != ' ') {
                return at;
            }
        }
        return gathered.length();
    }

    /** All up to now. */
    public long total() {
        return counted + (gathered.isEmpty() ? 0 : tokens(gathered.toString()));
    }

    private static long tokens(String text) {
        Encoding loaded = encoding;
        return loaded == null
                ? (text.length() + CHARACTERS_PER_TOKEN - 1) / CHARACTERS_PER_TOKEN
                : loaded.countTokensOrdinary(text);
    }
}
