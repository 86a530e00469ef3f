package dev.sluice.format;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a caller asks of a model, in no vendor's words: what every form can be read into and written from. Whatever a
 * form has beside it is refused or dropped by whoever reads or writes that form.
 *
 * @param system what the model is told beforehand, in order
 * @param turns never two neighbours of one role
 * @param parallelTools false: one tool call at a time
 * @param maxTokens what the answer may have at most, reasoning included; null: the vendor's own limit
 * @param user an opaque name of the end user
 */
public record Conversation(
        List<Part.Text> system,
        List<Turn> turns,
        List<Tool> tools,
        ToolChoice toolChoice,
        boolean parallelTools,
        Output output,
        @Nullable Long maxTokens,
        Sampling sampling,
        List<String> stop,
        Reasoning reasoning,
        boolean stream,
        @Nullable String user)
        implements Question {

    public Conversation {
        system = List.copyOf(system);
        turns = List.copyOf(turns);
        tools = List.copyOf(tools);
        stop = List.copyOf(stop);
    }

    List<String> toolNames() {
        return tools.stream().map(Tool::name).toList();
    }

    /** Who speaks. Tool results are the user's. */
    public enum Role {
        USER,
        ASSISTANT
    }

    /** What one side said, in order. */
    public record Turn(Role role, List<Part> parts) {
        public Turn {
            parts = List.copyOf(parts);
        }

        List<String> callIds() {
            List<String> ids = new ArrayList<>();
            for (Part part : parts) {
                if (part instanceof Part.Call call) {
                    ids.add(call.id());
                }
            }
            return ids;
        }
    }

    /**
     * A function the model may call.
     *
     * @param schema of its arguments, as JSON Schema; null: it has none
     * @param cached whether the prompt up to here is worth keeping at the vendor
     */
    public record Tool(
            String name,
            @Nullable String description,
            @Nullable ObjectNode schema,
            @Nullable Boolean strict,
            boolean cached) {
        /**
         * As most forms describe it.
         *
         * @param at where it stands, for whoever sent it
         * @param schema the field of its schema
         */
        static Tool read(JsonNode function, String at, String schema, boolean cached) {
            String name = function.path("name").asString("");
            if (name.isEmpty()) {
                throw Fields.wrong(at + ".name", "is missing");
            }
            return new Tool(
                    name,
                    Fields.text(function, "description"),
                    Fields.objectOf(function, schema),
                    Fields.flag(function, "strict"),
                    cached);
        }
    }

    /**
     * Whether the model may, must or must not call a tool.
     *
     * @param name the one that it must call; null: any
     */
    public record ToolChoice(Mode mode, @Nullable String name) {
        public static final ToolChoice AUTO = new ToolChoice(Mode.AUTO, null);

        /** The closed list of them. */
        public enum Mode {
            AUTO,
            REQUIRED,
            NONE
        }

        boolean forced() {
            return mode == Mode.REQUIRED;
        }
    }

    /**
     * The form of the answer's text.
     *
     * @param schema what JSON must conform to; null: any object
     */
    public record Output(
            boolean json,
            @Nullable JsonNode schema,
            @Nullable String name,
            @Nullable Boolean strict) {
        public static final Output TEXT = new Output(false, null, null, null);
    }

    /** How the next word is drawn. Null: as the vendor does. */
    public record Sampling(
            @Nullable Double temperature,
            @Nullable Double topP,
            @Nullable Long topK,
            @Nullable Double presencePenalty,
            @Nullable Double frequencyPenalty,
            @Nullable Long seed) {}

    /**
     * How much the model thinks before it answers.
     *
     * @param effort in words; null: as the vendor does
     * @param budget in tokens, where the caller set one; it goes before the effort
     */
    public record Reasoning(
            @Nullable Effort effort, @Nullable Long budget) {
        public static final Reasoning UNSET = new Reasoning(null, null);

        /** From none to all it has. The budgets are a convention of gateways, not a vendor's rule. */
        public enum Effort {
            NONE(0),
            MINIMAL(1_024),
            LOW(2_048),
            MEDIUM(8_192),
            HIGH(16_384),
            XHIGH(32_768),
            MAX(32_768);

            final long budget;

            Effort(long budget) {
                this.budget = budget;
            }

            String word() {
                return name().toLowerCase(java.util.Locale.ROOT);
            }

            static @Nullable Effort of(String word) {
                for (Effort effort : values()) {
                    if (effort.word().equals(word)) {
                        return effort;
                    }
                }
                return null;
            }

            static Effort of(long budget) {
                return budget <= 0 ? NONE : budget <= 4_096 ? LOW : budget <= 12_288 ? MEDIUM : HIGH;
            }
        }

        boolean set() {
            return effort != null || budget != null;
        }

        /** In words, also where the caller set a budget. */
        @Nullable
        Effort inWords() {
            return budget == null ? effort : Effort.of(budget);
        }

        /** In tokens, also where the caller used words; null: nothing was asked. */
        @Nullable
        Long inTokens() {
            return budget != null ? budget : effort == null ? null : Long.valueOf(effort.budget);
        }
    }

    /** One thing said, shown or done. */
    public sealed interface Part {
        /** @param cached whether the prompt up to here is worth keeping at the vendor */
        record Text(String text, boolean cached) implements Part {
            public Text(String text) {
                this(text, false);
            }
        }

        record Image(Media media) implements Part {}

        /** @param title its name or title; null: it has none */
        record Document(Media media, @Nullable String title) implements Part {}

        record Audio(Media media) implements Part {}

        /** @param arguments a JSON object, as text */
        record Call(String id, String name, String arguments) implements Part {}

        /** @param name of the tool that was called */
        record Result(String callId, String name, List<Part> content, boolean error) implements Part {
            public Result {
                content = List.copyOf(content);
            }

            String text() {
                StringBuilder text = new StringBuilder();
                for (Part part : content) {
                    if (part instanceof Text said) {
                        text.append(text.isEmpty() ? "" : "\n").append(said.text);
                    }
                }
                return text.toString();
            }
        }

        /** @param signature by which its maker knows it again; null: it has none */
        record Thinking(String text, @Nullable Signature signature) implements Part {}

        /** Thinking that only its maker can read. */
        record Redacted(Signature data) implements Part {}
    }

    /**
     * Something seen or heard: its bytes in base64, or where it is.
     *
     * @param type the media type, such as {@code image/png}; of an address it may be unknown: null
     */
    public record Media(
            @Nullable String type,
            @Nullable String base64,
            @Nullable String url) {
        static Media of(String uri) {
            if (!uri.startsWith("data:")) {
                return new Media(null, null, uri);
            }
            int comma = uri.indexOf(',');
            String head = comma < 0 ? "" : uri.substring(5, comma);
            int end = head.indexOf(';');
            String type = end < 0 ? head : head.substring(0, end);
            if (comma < 0 || !head.endsWith(";base64")) {
                throw new IllegalArgumentException("not a data URI in base64");
            }
            return new Media(
                    type.equals("image/jpg") ? "image/jpeg" : type.isEmpty() ? "text/plain" : type,
                    uri.substring(comma + 1),
                    null);
        }

        /** As one text: the address, or a data URI. */
        String uri() {
            return url != null ? url : "data:" + type + ";base64," + base64;
        }

        boolean is(String kind) {
            return type != null && type.startsWith(kind);
        }

        /** What a text document says. */
        String decoded() {
            return new String(
                    java.util.Base64.getMimeDecoder().decode(String.valueOf(base64)),
                    java.nio.charset.StandardCharsets.UTF_8);
        }
    }

    /** Puts turns in order: neighbours of one role become one, and empty ones vanish. */
    static final class Turns {
        private final List<Turn> turns = new ArrayList<>();
        private final List<Part> parts = new ArrayList<>();
        private @Nullable Role role;

        void say(Role who, Part part) {
            if (who != role) {
                close();
                role = who;
            }
            parts.add(part);
        }

        List<Turn> all() {
            close();
            return turns;
        }

        private void close() {
            Role who = role;
            if (who != null && !parts.isEmpty()) {
                turns.add(new Turn(who, parts));
            }
            parts.clear();
        }
    }
}
