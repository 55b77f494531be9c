//! Which versions of the policy there were, and what changed.

/// A version of the policy.
#[derive(Clone, Copy, Debug)]
pub struct Version {
    /// Counted from 1.
    pub number: u32,
    /// The date from which it holds (ISO 8601).
    pub date: &'static str,
    /// Whether people are told of it by a notice.
    pub significant: bool,
    /// What changed, in English.
    pub en: &'static str,
    /// What changed, in Vietnamese.
    pub vi: &'static str,
}

/// Every version, the newest first.
pub const VERSIONS: &[Version] = &[
    Version {
        number: 3,
        date: "2026-11-26",
        significant: true,
        en: "Operators can let people add music that lies on another server. You are asked before your browser asks such a server for anything, and the address and title of what you add there go with you.",
        vi: "Người vận hành có thể cho thêm nhạc nằm trên máy chủ khác. Bạn được hỏi trước khi trình duyệt hỏi một máy chủ như thế bất cứ điều gì, và địa chỉ cùng tên của những gì bạn thêm ở đó mất cùng bạn.",
    },
    Version {
        number: 2,
        date: "2026-11-26",
        significant: true,
        en: "Operators can have visits counted, without cookies, and you can object. You can have letters about your rooms, answers of support and changes of this page, each kind if you want it. Says what support sees of you, how you can complain, how backups and connections are protected, what deleting cannot call back, and which times are kept. A sign-in may be under way for ten minutes, no longer for fifteen.",
        vi: "Người vận hành có thể cho đếm lượt xem, không dùng cookie, và bạn phản đối được. Bạn có thể nhận thư về phòng của mình, trả lời của bộ phận hỗ trợ và thay đổi của trang này, từng loại nếu bạn muốn. Nói rõ bộ phận hỗ trợ thấy gì của bạn, bạn khiếu nại thế nào, bản sao lưu và đường truyền được bảo vệ ra sao, việc xóa không gọi lại được gì, và những thời điểm nào được giữ. Một lần đăng nhập kéo dài tối đa mười phút, không còn mười lăm.",
    },
    Version {
        number: 1,
        date: "2026-11-24",
        significant: true,
        en: "The first version.",
        vi: "Bản đầu tiên.",
    },
];
