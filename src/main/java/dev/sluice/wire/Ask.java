package dev.sluice.wire;

import dev.sluice.wire.Refusal.Reason;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;

/**
 * What a caller asks for: the bytes it sent, and the few fields of them that matter here with the places where they
 * stand. A vendor gets the same bytes with only the model name and {@code stream_options} changed, so unknown fields,
 * their order, big integers and {@code 1e-7} survive.
 */
public final class Ask {
    private static final JsonFactory JSON = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(500)
                    .maxStringLength(Integer.MAX_VALUE)
                    .build())
            .build();

    /** Longer names exist nowhere, and the ledger has no room for them. */
    private static final int LONGEST_MODEL = 200;

    /** What an image costs before it was looked at, in prompt tokens; real ones are some 85 to 1,600. */
    private static final int TOKENS_PER_IMAGE = 1_000;

    private static final int BYTES_PER_TOKEN = 4;

    private final Endpoint endpoint;
    private final byte[] body;
    private final List<Place> models = new ArrayList<>(1);
    private @Nullable Place streamOptions;
    private boolean optionsAreObject;
    private boolean optionsEmpty;
    private @Nullable Place includeUsage;
    private int closingBrace = -1;
    private String model = "";
    private boolean stream;
    private boolean usageWanted;
    private long maxTokens = -1;
    private long maxCompletionTokens = -1;
    private long choices = 1;
    private boolean hasRequired;
    private @Nullable String follows;
    private @Nullable String cacheKey;
    private @Nullable String user;
    private Usage.Tier tier = Usage.Tier.STANDARD;
    private long characters;
    private boolean named; // the model stands in the path, not in the body

    /** A range of the body's bytes. */
    private record Place(int from, int to) {}

    private Ask(Endpoint endpoint, byte[] body) {
        this.endpoint = endpoint;
        this.body = body;
    }

    /** @throws Refusal when the body is not a JSON object in UTF-8, or lacks what the endpoint needs */
    public static Ask read(Endpoint endpoint, byte[] body) {
        return read(new Ask(endpoint, body));
    }

    /** Of a form that names the model in its path, and says there whether the answer is to be streamed. */
    public static Ask read(Endpoint endpoint, byte[] body, String model, boolean stream) {
        Ask ask = new Ask(endpoint, body);
        ask.model = model;
        ask.stream = stream;
        ask.named = true;
        return read(ask);
    }

    /** For a model that is named beside any body. */
    public static Ask named(Endpoint endpoint, String model) {
        return read(endpoint, new byte[] {'{', '}'}, model, false);
    }

    /** In a form, whose model and wish for events were read on its way. */
    public static Ask form(Endpoint endpoint, String model, boolean stream) {
        return read(endpoint, new byte[] {'{', '}'}, model, stream);
    }

    private static Ask read(Ask ask) {
        byte[] body = ask.body;
        try (JsonParser json = JSON.createParser(ObjectReadContext.empty(), body)) {
            ask.scan(json);
        } catch (JacksonException e) {
            String where =
                    e.getLocation() == null ? "" : " (byte " + e.getLocation().getByteOffset() + ")";
            throw new Refusal(Reason.INVALID_JSON, "The body is not valid JSON" + where + ".");
        }
        ask.check();
        return ask;
    }

    private void scan(JsonParser json) {
        if (json.nextToken() != JsonToken.START_OBJECT
                || json.currentTokenLocation().getByteOffset() < 0) {
            throw new Refusal(Reason.INVALID_JSON, "The body is not a JSON object in UTF-8.");
        }
        for (String name = json.nextName(); name != null; name = json.nextName()) {
            JsonToken value = json.nextToken();
            switch (name) {
                case "model" -> {
                    if (named) {
                        json.skipChildren();
                    } else {
                        model(json, value);
                    }
                }
                case "stream" -> stream = named ? stream : value == JsonToken.VALUE_TRUE;
                case "stream_options" -> streamOptions(json, value);
                case "max_tokens" -> maxTokens = whole(json, value, name);
                case "max_completion_tokens", "max_output_tokens" -> maxCompletionTokens = whole(json, value, name);
                case "generationConfig", "generation_config" -> generationConfig(json, value);
                case "previous_response_id" -> follows = value == JsonToken.VALUE_STRING ? json.getString() : null;
                case "service_tier" ->
                    tier = Usage.Tier.of(value == JsonToken.VALUE_STRING ? json.getString() : skipped(json));
                case "prompt_cache_key" ->
                    cacheKey = value == JsonToken.VALUE_STRING ? json.getString() : skipped(json);
                case "user" -> user = value == JsonToken.VALUE_STRING ? json.getString() : skipped(json);
                case "metadata" -> metadata(json, value);
                case "n" -> choices = Math.max(1, whole(json, value, name));
                default -> {
                    if (name.equals(endpoint.required)) {
                        required(json, value);
                    }
                    json.skipChildren();
                }
            }
        }
        closingBrace = (int) json.currentTokenLocation().getByteOffset();
        if (json.nextToken() != null) {
            throw new Refusal(Reason.INVALID_JSON, "The body goes on after its JSON object.");
        }
    }

    /** Google's place for the limit. */
    private void generationConfig(JsonParser json, JsonToken value) {
        if (value != JsonToken.START_OBJECT) {
            json.skipChildren();
            return;
        }
        for (String name = json.nextName(); name != null; name = json.nextName()) {
            JsonToken option = json.nextToken();
            if (name.equals("maxOutputTokens") || name.equals("max_output_tokens")) {
                maxTokens = whole(json, option, name);
            } else {
                json.skipChildren();
            }
        }
    }

    private static @Nullable String skipped(JsonParser json) {
        json.skipChildren();
        return null;
    }

    /** Anthropic's place for the user. */
    private void metadata(JsonParser json, JsonToken value) {
        if (value != JsonToken.START_OBJECT || endpoint != Endpoint.MESSAGES) {
            json.skipChildren();
            return;
        }
        for (String name = json.nextName(); name != null; name = json.nextName()) {
            JsonToken said = json.nextToken();
            if (name.equals("user_id") && said == JsonToken.VALUE_STRING) {
                user = json.getString();
            } else {
                json.skipChildren();
            }
        }
    }

    private void model(JsonParser json, JsonToken value) {
        switch (value) {
            case VALUE_STRING -> {
                model = json.getString();
                models.add(place(json));
            }
            case VALUE_NULL -> model = "";
            default -> throw wrong("model", "The field 'model' is not a string.");
        }
    }

    /** Several fields of one name: the last counts, as in most parsers; a model name is replaced wherever it stands. */
    private void streamOptions(JsonParser json, JsonToken value) {
        int from = (int) json.currentTokenLocation().getByteOffset();
        optionsAreObject = value == JsonToken.START_OBJECT;
        optionsEmpty = true;
        includeUsage = null;
        usageWanted = false;
        if (optionsAreObject) {
            for (String name = json.nextName(); name != null; name = json.nextName()) {
                optionsEmpty = false;
                JsonToken option = json.nextToken();
                if (name.equals("include_usage")) {
                    usageWanted = option == JsonToken.VALUE_TRUE;
                    int start = (int) json.currentTokenLocation().getByteOffset();
                    json.skipChildren();
                    includeUsage = new Place(start, place(json).to);
                } else {
                    json.skipChildren();
                }
            }
        } else {
            json.skipChildren();
        }
        json.finishToken();
        streamOptions = new Place(from, (int) json.currentLocation().getByteOffset());
    }

    private static Place place(JsonParser json) {
        json.finishToken();
        return new Place((int) json.currentTokenLocation().getByteOffset(), (int)
                json.currentLocation().getByteOffset());
    }

    private static long whole(JsonParser json, JsonToken value, String name) {
        if (value == JsonToken.VALUE_NULL) {
            return -1;
        }
        if (value != JsonToken.VALUE_NUMBER_INT) {
            throw wrong(name, "The field '" + name + "' is not a whole number.");
        }
        try {
            return json.getLongValue();
        } catch (JacksonException e) {
            throw wrong(name, "The field '" + name + "' is out of range.");
        }
    }

    private void required(JsonParser json, JsonToken value) {
        boolean empty = switch (value) {
            case VALUE_NULL -> true;
            case VALUE_STRING -> false; // also the empty one: the vendor says what it thinks of it
            case START_ARRAY -> false;
            case START_OBJECT -> {
                if (!endpoint.takesOne()) {
                    throw wrong(
                            String.valueOf(endpoint.required), "The field '" + endpoint.required + "' is not a list.");
                }
                yield false; // Google takes one content for a list of one
            }
            default ->
                throw wrong(String.valueOf(endpoint.required), "The field '" + endpoint.required + "' is not a list.");
        };
        if (endpoint.ofMessages() && value == JsonToken.VALUE_STRING) {
            throw wrong(String.valueOf(endpoint.required), "The field '" + endpoint.required + "' is not a list.");
        }
        hasRequired = !empty;
        if (endpoint == Endpoint.SPEECH && value == JsonToken.VALUE_STRING) {
            String text = json.getString();
            characters = text.codePointCount(0, text.length());
        }
        if (value == JsonToken.START_ARRAY && json.nextToken() == JsonToken.END_ARRAY) {
            throw wrong(String.valueOf(endpoint.required), "The field '" + endpoint.required + "' is an empty list.");
        }
        while (value == JsonToken.START_ARRAY && json.currentToken() != JsonToken.END_ARRAY) {
            if (endpoint.ofMessages() && json.currentToken() != JsonToken.START_OBJECT) {
                throw wrong(
                        String.valueOf(endpoint.required),
                        "The field '" + endpoint.required + "' holds something that is not a message.");
            }
            json.skipChildren();
            json.nextToken();
        }
    }

    private void check() {
        if (model.isEmpty()) {
            model = endpoint.defaultModel();
        }
        if (model.isEmpty()) {
            throw new Refusal(Reason.MISSING_PARAMETER, "The body names no 'model'.", "model", null);
        }
        if (model.length() > LONGEST_MODEL) {
            throw wrong("model", "The field 'model' is longer than " + LONGEST_MODEL + " characters.");
        }
        if (endpoint.required != null && !hasRequired) {
            throw new Refusal(
                    Reason.MISSING_PARAMETER, "The body lacks '" + endpoint.required + "'.", endpoint.required, null);
        }
        stream = stream && (endpoint.generates || endpoint.pictures());
    }

    private static Refusal wrong(String param, String message) {
        return new Refusal(Reason.INVALID_VALUE, message, param, null);
    }

    /** The caller's own bytes, not to be changed. */
    public byte[] body() {
        return body;
    }

    public Endpoint endpoint() {
        return endpoint;
    }

    /** The response that this call goes on from; null: none. */
    public @Nullable String follows() {
        return follows;
    }

    /** By what the caller wants calls with one beginning to be known; null: nothing. */
    public @Nullable String cacheKey() {
        return cacheKey;
    }

    /** For whom the caller asks, in its own words; null: it does not say. */
    public @Nullable String user() {
        return user;
    }

    /** What is the same in each call of one conversation; null: nothing is known. */
    public @Nullable String opening() {
        String list = endpoint.required;
        if (list == null) {
            return null;
        }
        try (JsonParser json = JSON.createParser(ObjectReadContext.empty(), body)) {
            return Opening.name(json, body, list);
        }
    }

    /** The tier that the caller asks for; which one it gets, the vendor says. */
    public Usage.Tier tier() {
        return tier;
    }

    /** Of the text that is to be spoken; 0: none is. */
    public long characters() {
        return characters;
    }

    /** As the caller named it. */
    public String model() {
        return model;
    }

    public boolean stream() {
        return stream;
    }

    /** Whether the caller itself asked for usage in the stream. */
    public boolean usageWanted() {
        return usageWanted;
    }

    /** Completion tokens that the answer may have at most, over all its choices; where the caller set no limit, the default for each. */
    public long completionLimit(long defaultTokens) {
        if (!endpoint.generates) {
            return 0;
        }
        long limit = maxCompletionTokens >= 0 ? maxCompletionTokens : maxTokens >= 0 ? maxTokens : defaultTokens;
        return Math.multiplyHigh(limit, choices) == 0 ? Math.max(0, limit * choices) : Long.MAX_VALUE;
    }

    /** Prompt tokens, guessed from the size: a token for four bytes, images and files in the body counted as images. */
    public long promptEstimate() {
        long bytes = body.length;
        long images = 0;
        if (body.length > 2_000) { // no image is smaller
            byte[] mark = ";base64,".getBytes(StandardCharsets.US_ASCII);
            for (int at = find(mark, 0); at >= 0; at = find(mark, at)) {
                int end = at + mark.length;
                while (end < body.length && body[end] != '"') {
                    end++;
                }
                bytes -= end - at;
                images++;
                at = end;
            }
        }
        return (bytes + BYTES_PER_TOKEN - 1) / BYTES_PER_TOKEN + images * TOKENS_PER_IMAGE;
    }

    private int find(byte[] what, int from) {
        outer:
        for (int at = from; at <= body.length - what.length; at++) {
            for (int i = 0; i < what.length; i++) {
                if (body[at + i] != what[i]) {
                    continue outer;
                }
            }
            return at;
        }
        return -1;
    }

    /**
     * The bytes for a vendor: the caller's, with the vendor's model name, and with a wish for usage in a stream.
     *
     * @param askForUsage whether a stream should end with its usage; some vendors refuse the wish itself
     */
    public byte[] forVendor(String upstreamModel, boolean askForUsage) {
        List<Place> places = new ArrayList<>(models.size() + 1);
        List<byte[]> words = new ArrayList<>(models.size() + 1);
        if (!upstreamModel.equals(model)) {
            byte[] name = quoted(upstreamModel);
            for (Place place : models) {
                insert(places, words, place, name);
            }
        }
        if (stream && askForUsage && !usageWanted && endpoint.takesStreamOptions()) {
            wishForUsage(places, words);
        }
        return places.isEmpty() ? body : spliced(places, words);
    }

    private void wishForUsage(List<Place> places, List<byte[]> words) {
        Place options = streamOptions;
        Place asked = includeUsage;
        if (options == null) {
            insert(
                    places,
                    words,
                    new Place(closingBrace, closingBrace),
                    ascii(",\"stream_options\":{\"include_usage\":true}"));
        } else if (!optionsAreObject) {
            insert(places, words, options, ascii("{\"include_usage\":true}"));
        } else if (asked != null) {
            insert(places, words, asked, ascii("true"));
        } else {
            Place start = new Place(options.from + 1, options.from + 1);
            insert(places, words, start, ascii(optionsEmpty ? "\"include_usage\":true" : "\"include_usage\":true,"));
        }
    }

    private static void insert(List<Place> places, List<byte[]> words, Place place, byte[] word) {
        int at = 0;
        while (at < places.size() && places.get(at).from < place.from) {
            at++;
        }
        places.add(at, place);
        words.add(at, word);
    }

    private byte[] spliced(List<Place> places, List<byte[]> words) {
        int length = body.length;
        for (int i = 0; i < places.size(); i++) {
            length += words.get(i).length - (places.get(i).to - places.get(i).from);
        }
        byte[] result = new byte[length];
        int read = 0;
        int written = 0;
        for (int i = 0; i < places.size(); i++) {
            Place place = places.get(i);
            byte[] word = words.get(i);
            System.arraycopy(body, read, result, written, place.from - read);
            written += place.from - read;
            System.arraycopy(word, 0, result, written, word.length);
            written += word.length;
            read = place.to;
        }
        System.arraycopy(body, read, result, written, body.length - read);
        return result;
    }

    private static byte[] quoted(String text) {
        StringBuilder json = new StringBuilder(text.length() + 2).append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                json.append('\\').append(c);
            } else if (c < ' ') {
                json.append(String.format("\\u%04x", (int) c));
            } else {
                json.append(c);
            }
        }
        return json.append('"').toString().getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
