//! The mini program's own logic, as a script for the phone page: the demo shows what the real one
//! does, since it runs the same files.

/// The files of `miniprogram/lib` that know neither WXML nor `wx`, in the form of WeChat's own
/// loader: each a function of its own, run when it is first required.
pub(super) const SCRIPT: &str = concat!(
    "// Made of the files in miniprogram/lib.\n",
    "const files = {}, loaded = {};\n",
    "export function mini(name) {\n",
    "  if (!(name in loaded)) {\n",
    "    const module = (loaded[name] = { exports: {} });\n",
    "    files[name](module, (path) => mini(path.replace(\"./\", \"\")));\n",
    "  }\n",
    "  return loaded[name].exports;\n",
    "}\n",
    "files.api = (module, require) => {\n",
    include_str!("../../../miniprogram/lib/api.js"),
    "};\nfiles.chat = (module, require) => {\n",
    include_str!("../../../miniprogram/lib/chat.js"),
    "};\nfiles.chatView = (module, require) => {\n",
    include_str!("../../../miniprogram/lib/chatView.js"),
    "};\nfiles.devices = (module, require) => {\n",
    include_str!("../../../miniprogram/lib/devices.js"),
    "};\nfiles.devicesView = (module, require) => {\n",
    include_str!("../../../miniprogram/lib/devicesView.js"),
    "};\nfiles.en = (module, require) => {\n",
    include_str!("../../../miniprogram/lib/en.js"),
    "};\nfiles.follow = (module, require) => {\n",
    include_str!("../../../miniprogram/lib/follow.js"),
    "};\nfiles.live = (module, require) => {\n",
    include_str!("../../../miniprogram/lib/live.js"),
    "};\nfiles.login = (module, require) => {\n",
    include_str!("../../../miniprogram/lib/login.js"),
    "};\nfiles.outcome = (module, require) => {\n",
    include_str!("../../../miniprogram/lib/outcome.js"),
    "};\nfiles.problem = (module, require) => {\n",
    include_str!("../../../miniprogram/lib/problem.js"),
    "};\nfiles.profile = (module, require) => {\n",
    include_str!("../../../miniprogram/lib/profile.js"),
    "};\nfiles.profileView = (module, require) => {\n",
    include_str!("../../../miniprogram/lib/profileView.js"),
    "};\nfiles.scene = (module, require) => {\n",
    include_str!("../../../miniprogram/lib/scene.js"),
    "};\nfiles.texts = (module, require) => {\n",
    include_str!("../../../miniprogram/lib/texts.js"),
    "};\nfiles.time = (module, require) => {\n",
    include_str!("../../../miniprogram/lib/time.js"),
    "};\nfiles.trouble = (module, require) => {\n",
    include_str!("../../../miniprogram/lib/trouble.js"),
    "};\nfiles.view = (module, require) => {\n",
    include_str!("../../../miniprogram/lib/view.js"),
    "};\nfiles.zh = (module, require) => {\n",
    include_str!("../../../miniprogram/lib/zh.js"),
    "};\n",
);

#[cfg(test)]
mod tests {
    use super::SCRIPT;

    #[test]
    fn every_file_that_is_required_is_there() {
        let required = SCRIPT.split("require('./").skip(1);
        let mut count = 0;
        for name in required.filter_map(|rest| rest.split('\'').next()) {
            count += 1;
            let there = SCRIPT.contains(&format!("files.{name} = "));
            assert!(there, "{name} is required, but is not among the files");
        }
        assert!(count > 10);
    }

    #[test]
    fn the_real_pages_use_the_same_files() {
        let page = include_str!("../../../miniprogram/pages/index/wsLogin.js");
        for name in ["api", "live", "login", "scene", "view"] {
            assert!(page.contains(&format!("lib/{name}'")), "{name}");
            assert!(SCRIPT.contains(&format!("files.{name} = ")), "{name}");
        }
    }
}
