package dev.sluice.relay;

import dev.sluice.wire.Endpoint;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** What tasks are called, and how one tells their state, at a kind of relay. */
enum TaskForm {
    MIDJOURNEY(Endpoint.MIDJOURNEY, "/mj(?:-(?:fast|relax|turbo)/mj)?/(.+)", "task/(ID)/(?:fetch|image-seed)") {
        @Override
        boolean lists(String rest) {
            return rest.equals("task/list-by-condition");
        }

        @Override
        boolean submits(String rest) {
            return rest.matches("submit/[a-z-]{1,40}|insight-face/swap");
        }

        @Override
        String model(String rest, JsonNode body) {
            String action = rest.substring(rest.lastIndexOf('/') + 1);
            return switch (action) {
                case "swap" -> "swap_face";
                case "change" -> "mj_" + word(body.path("action").asString("").toLowerCase(Locale.ROOT), "variation");
                case "simple-change" -> simple(body.path("content").asString(""));
                case "action" -> button(body.path("customId").asString(""));
                case "upload-discord-images" -> "mj_upload";
                default -> "mj_" + action.replace('-', '_');
            };
        }

        private String simple(String content) {
            String what = content.substring(content.lastIndexOf(' ') + 1);
            return what.startsWith("U") ? "mj_upscale" : what.startsWith("R") ? "mj_reroll" : "mj_variation";
        }

        /** What a button does stands in its id: {@code MJ::JOB::upsample::1::…}. */
        private String button(String id) {
            String[] parts = id.split("::");
            String what = (parts.length > 1 && parts[1].equals("JOB") && parts.length > 2
                            ? parts[2]
                            : parts.length > 1 ? parts[1] : "")
                    .toLowerCase(Locale.ROOT);
            if (what.startsWith("upsample")) {
                return "mj_upscale";
            }
            for (String known : List.of("variation", "reroll", "pan", "inpaint")) {
                if (what.contains(known)) {
                    return "mj_" + known;
                }
            }
            return what.equals("customzoom") ? "mj_custom_zoom" : what.equals("outpaint") ? "mj_zoom" : "mj_action";
        }

        @Override
        @Nullable
        String parent(JsonNode body) {
            String content = body.path("content").asString("");
            int blank = content.indexOf(' ');
            String id = body.path("taskId").asString(blank < 0 ? "" : content.substring(0, blank));
            return id.isEmpty() ? null : id;
        }

        @Override
        @Nullable
        String accepted(JsonNode answer) {
            int code = answer.path("code").asInt(0);
            JsonNode result = answer.path("result");
            return (code == 1 || code == 21 || code == 22) && result.isValueNode() ? known(result.asString("")) : null;
        }

        @Override
        boolean full(JsonNode answer) {
            return answer.path("code").asInt(0) == 23;
        }

        @Override
        Iterable<JsonNode> tasks(@Nullable JsonNode answer) {
            return answer == null ? List.of() : answer.isArray() ? answer : List.of(answer);
        }

        @Override
        String id(JsonNode task) {
            return task.path("id").asString("");
        }

        @Override
        JsonNode list(ArrayNode tasks) {
            return tasks;
        }
    },
    SUNO(Endpoint.SUNO, "/suno/(.+)", "fetch/(ID)") {
        @Override
        boolean lists(String rest) {
            return rest.equals("fetch");
        }

        @Override
        boolean submits(String rest) {
            return rest.matches("submit/[a-z-]{1,40}|uploads/audio-url");
        }

        @Override
        String model(String rest, JsonNode body) {
            return rest.startsWith("uploads/")
                    ? "suno_upload"
                    : "suno_" + rest.substring("submit/".length()).replace('-', '_');
        }

        @Override
        @Nullable
        String parent(JsonNode body) {
            String id = body.path("task_id").asString("");
            return id.isEmpty() ? null : id;
        }

        @Override
        @Nullable
        String accepted(JsonNode answer) {
            JsonNode data = answer.path("data");
            return answer.path("code").asString("").equals("success")
                    ? known(data.isString() ? data.asString() : data.path("id").asString(""))
                    : null;
        }

        @Override
        boolean full(JsonNode answer) {
            return false; // it says so with status 429
        }

        @Override
        Iterable<JsonNode> tasks(@Nullable JsonNode answer) {
            JsonNode data = answer == null ? JsonMapper.shared().createObjectNode() : answer.path("data");
            return data.isArray() ? data : List.of(data);
        }

        @Override
        String id(JsonNode task) {
            return task.path("task_id").asString("");
        }

        @Override
        JsonNode list(ArrayNode tasks) {
            ObjectNode answer = JsonMapper.shared().createObjectNode();
            answer.put("code", "success").put("message", "").set("data", tasks);
            return answer;
        }
    };

    private static final String ID = "[A-Za-z0-9_-]{1,100}";

    private final Endpoint endpoint;
    private final Pattern path;
    private final Pattern fetched;

    TaskForm(Endpoint endpoint, String path, String fetched) {
        this.endpoint = endpoint;
        this.path = Pattern.compile(path);
        this.fetched = Pattern.compile(fetched.replace("ID", "[A-Za-z0-9_-]{1,100}"));
    }

    /** Null: the path is of none. */
    static @Nullable TaskForm of(String uri) {
        return uri.startsWith("/mj/") || uri.startsWith("/mj-") ? MIDJOURNEY : uri.startsWith("/suno/") ? SUNO : null;
    }

    Endpoint endpoint() {
        return endpoint;
    }

    String kind() {
        return endpoint.label();
    }

    String root() {
        return endpoint.path;
    }

    /** What stands behind the root and the mode; empty: nothing that is known. */
    String rest(String path) {
        Matcher matcher = this.path.matcher(path);
        return matcher.matches() ? matcher.group(1) : "";
    }

    /** How a path goes on behind the endpoint's, the mode included. */
    String beyond(String path) {
        return path.substring(endpoint.path.length());
    }

    /** The task that is looked at; null: none is. */
    @Nullable
    String fetched(String rest) {
        Matcher matcher = fetched.matcher(rest);
        return matcher.matches() ? matcher.group(1) : null;
    }

    /** Whether several tasks are looked at. */
    abstract boolean lists(String rest);

    /** Whether a task is given. */
    abstract boolean submits(String rest);

    /** The name under which it has a price, as others of the field call it. */
    abstract String model(String rest, JsonNode body);

    /** The task that it goes on with; null: none. */
    abstract @Nullable String parent(JsonNode body);

    /** The id of the task that was taken; null: none was. */
    abstract @Nullable String accepted(JsonNode answer);

    /** Whether another relay may have room for it. */
    abstract boolean full(JsonNode answer);

    abstract Iterable<JsonNode> tasks(@Nullable JsonNode answer);

    abstract String id(JsonNode task);

    abstract JsonNode list(ArrayNode tasks);

    boolean failed(JsonNode task) {
        String status = task.path("status").asString("");
        return status.equalsIgnoreCase("FAILURE") || status.equalsIgnoreCase("CANCEL");
    }

    private static @Nullable String known(String id) {
        return id.matches(ID) ? id : null;
    }

    private static String word(String text, String otherwise) {
        return text.matches("[a-z_]{1,40}") ? text : otherwise;
    }
}
