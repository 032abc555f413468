//! The pages in Chinese.

use super::{Dashboard, Error, Login, Script, State, Texts, Words};

pub static TEXTS: Texts = Texts {
    login: Login {
        heading: "登录{site}",
        code_alt: "登录二维码，请用微信扫一扫",
        digits_label: "手机上显示的 6 位数字",
        digits_submit: "登录",
        not_me: "不是我",
        public_link: "打开 {host}",
        tip: "仅当本页由你本人打开时，才在手机上确认登录。",
    },
    script: Script {
        states: STATES,
        valid: "有效时间 {time}",
        left: "剩余 {time}",
        retry: "{time} 后自动重试",
        contested: "另一部手机尝试使用此二维码。如非本人操作，请更换二维码。",
        lost: "之前的二维码已失效，请扫描新的二维码。",
        log_out_failed: "退出失败，请重试。",
        nobody: "微信用户",
    },
    dashboard: Dashboard {
        title: "我的账号",
        welcome: "你好，{name}",
        logged_in: "你已登录。",
        not_me: "不是我",
        this_session: "本次登录",
        browser: "浏览器",
        on: "{browser} · {os}",
        unknown: "未知",
        address: "IP 地址",
        since: "登录时间",
        active: "在线",
        log_out: "退出登录",
        log_out_failed: "退出失败，请重试。",
        ended: "登录已失效",
        ended_detail: "你已在此处或其他设备上退出，请重新登录。",
        log_in: "重新登录",
        nobody: "微信用户",
    },
    error: Error {
        not_found: Words {
            title: "页面不存在",
            detail: "地址可能有误，或页面已被移除。",
        },
        slow_down: Words {
            title: "请求过于频繁",
            detail: "你所在的网络短时间内请求过多，请稍候。",
        },
        unavailable: Words {
            title: "服务暂时不可用",
            detail: "服务繁忙或正在重启，你的数据不会丢失。",
        },
        other: Words {
            title: "出了点问题",
            detail: "请重试。如果问题持续，请将下方编号告诉我们。",
        },
        request: "请求编号",
        retry: "{time} 后自动重试",
        try_again: "重试",
        home: "返回首页",
    },
    switch: "语言：切换为英文",
    no_script: "本页需要 JavaScript，请启用后重新加载。",
};

const fn state(
    key: &'static str,
    title: &'static str,
    detail: &'static str,
    button: Option<&'static str>,
) -> State {
    State {
        key,
        title,
        detail,
        button,
    }
}

const NEW_CODE: Option<&str> = Some("刷新二维码");
const START_OVER: Option<&str> = Some("换一个二维码");

const STATES: &[State] = &[
    state("connecting", "请稍候", "正在获取二维码…", None),
    state(
        "pending",
        "微信扫码登录",
        "打开微信“扫一扫”，扫描上方二维码",
        NEW_CODE,
    ),
    state("scanned", "扫描成功", "请在手机上确认登录", START_OVER),
    state(
        "scanned.number",
        "请在手机上输入 {number}",
        "在手机上输入此数字后再确认登录",
        START_OVER,
    ),
    state(
        "not_registered",
        "还差一步",
        "你还没有账号，请在手机上完成注册",
        START_OVER,
    ),
    state(
        "code_needed",
        "请输入手机上的验证码",
        "手机上显示了 6 位数字，还可尝试 {tries} 次",
        START_OVER,
    ),
    state(
        "code_needed.wrong",
        "验证码不正确",
        "请核对手机上的 6 位数字，还可尝试 {tries} 次",
        START_OVER,
    ),
    state("signing_in", "已确认", "正在登录…", None),
    state("done", "欢迎，{name}", "登录成功", None),
    state("cancelled", "登录已取消", "没有任何人登录", NEW_CODE),
    state(
        "cancelled.by_phone",
        "登录已被拒绝",
        "手机端拒绝了本次登录",
        NEW_CODE,
    ),
    state(
        "cancelled.by_browser",
        "登录已取消",
        "没有任何人登录",
        NEW_CODE,
    ),
    state(
        "cancelled.replaced",
        "二维码已更换",
        "本浏览器已获取了新的二维码",
        NEW_CODE,
    ),
    state("expired", "二维码已过期", "请刷新后重新扫描", NEW_CODE),
    state(
        "expired.not_scanned",
        "二维码已过期",
        "请刷新后重新扫描",
        NEW_CODE,
    ),
    state(
        "expired.not_confirmed",
        "确认超时",
        "未能及时在手机上确认登录，请重新扫描",
        NEW_CODE,
    ),
    state(
        "expired.not_checked",
        "输入超时",
        "未能及时输入 6 位数字，请重新扫描",
        NEW_CODE,
    ),
    state(
        "expired.not_redeemed",
        "登录超时",
        "本页未能及时完成登录，请重新扫描",
        NEW_CODE,
    ),
    state(
        "expired.tap_needed",
        "还在吗？",
        "准备好扫描时，请刷新二维码",
        NEW_CODE,
    ),
    state("failed", "登录失败", "请重新扫描二维码", NEW_CODE),
    state(
        "failed.number_wrong",
        "数字不正确",
        "手机上输入的数字与本页不一致",
        NEW_CODE,
    ),
    state(
        "failed.code_wrong",
        "验证码不正确",
        "已连续输错三次，请重新扫描",
        NEW_CODE,
    ),
    state(
        "failed.registration_closed",
        "没有账号",
        "该微信用户没有账号，本站暂不开放注册",
        NEW_CODE,
    ),
    state(
        "failed.user_blocked",
        "账号已停用",
        "该账号无法登录，请联系本站管理员",
        NEW_CODE,
    ),
    state(
        "failed.account_deleted",
        "账号已注销",
        "该账号已被注销",
        NEW_CODE,
    ),
    state(
        "failed.attempt_lost",
        "二维码已失效",
        "正在获取新的二维码…",
        NEW_CODE,
    ),
    state(
        "failed.attempt_unknown",
        "二维码已失效",
        "正在获取新的二维码…",
        NEW_CODE,
    ),
    state(
        "failed.redeem",
        "登录未完成",
        "手机已确认，但本页未能完成登录，请重新扫描",
        NEW_CODE,
    ),
    state(
        "failed.image",
        "二维码加载失败",
        "请检查网络连接",
        Some("重试"),
    ),
    state(
        "failed.cookies",
        "Cookie 被禁用",
        "请允许本站使用 Cookie，以确保只有本浏览器能完成登录",
        Some("重新加载"),
    ),
    state(
        "failed.refused",
        "服务器拒绝了请求",
        "请重新加载；可能受浏览器扩展或代理影响",
        Some("重新加载"),
    ),
    state(
        "offline",
        "连接已断开",
        "正在自动重连，登录进度不会丢失",
        Some("立即重试"),
    ),
    state("unavailable", "服务繁忙", "无需操作，页面会自动重试", None),
    state(
        "unavailable.codes_unavailable",
        "暂时无法获取二维码",
        "微信暂未返回二维码，页面会自动重试",
        None,
    ),
    state(
        "unavailable.slow_down",
        "请求过于频繁",
        "你所在的网络请求过多，页面会自动重试",
        None,
    ),
    state(
        "elsewhere",
        "已在其他标签页打开",
        "登录将在最近打开的标签页中继续",
        Some("在此继续"),
    ),
    state(
        "wrong_address",
        "当前地址不正确",
        "为了你的账号安全，二维码只在 {host} 显示",
        None,
    ),
];
