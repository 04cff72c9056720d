"""What the ad platforms' exports call their columns, in English and Chinese; the first counts most.

A column that only counts in some settings is left out: Meta's `Results` may be clicks, and
`Cost per result` is no cost. Names are compared as `tables.mapped` does.
"""

from __future__ import annotations

from aigc.tables import Wanted, plain

_STARTS = ("reporting starts", "start date", "date start", "开始日期", "报告开始日期", "开始时间")
STARTS = frozenset(map(plain, _STARTS))
ENDS = ("reporting ends", "end date", "date stop", "结束日期", "报告结束日期", "结束时间")

# Where an ad leads to: it names the creative only where it holds one of our ids.
LINKS = ("final url", "landing page", "landing page url", "link", "url", "落地页", "推广链接")

FIELDS = {
    "creative": Wanted(
        (
            "creative",
            "creative id",
            "utm_content",
            "ad content",
            "creative name",
            "ad name",
            "ad",
            "ad id",
            "asset name",
            "asset id",
            "tracking name",
            "ad label",
            "创意",
            "创意ID",
            "创意名称",
            "素材名称",
            "素材ID",
            "素材",
            "广告创意",
            "广告名称",
            "广告ID",
            "广告",
            "视频名称",
            "图片名称",
        )
    ),
    "channel": Wanted(
        (
            "channel",
            "publisher platform",
            "platform",
            "network",
            "placement",
            "utm_source",
            "source",
            "渠道",
            "投放渠道",
            "推广渠道",
            "投放平台",
            "平台",
            "媒体",
            "资源位",
            "广告位",
            "版位",
        ),
        needed=False,
    ),
    "day": Wanted(
        (
            "day",
            "date",
            "by day",
            "report date",
            "stat date",
            "stat time day",
            "segments.date",
            "日期",
            "统计日期",
            "数据日期",
            "报告日期",
            "时间",
            "统计时间",
            *_STARTS,
        ),
        needed=False,
    ),
    "impressions": Wanted(
        (
            "impressions",
            "impr",
            "impression",
            "imps",
            "metrics.impressions",
            "展现量",
            "展示量",
            "曝光量",
            "展现数",
            "展示数",
            "曝光数",
            "展现次数",
            "展示次数",
            "曝光次数",
            "展现",
            "展示",
            "曝光",
            "show",
            "show cnt",
        )
    ),
    "clicks": Wanted(
        (
            "link clicks",
            "inline link clicks",
            "clicks",
            "click",
            "metrics.clicks",
            "链接点击量",
            "点击量",
            "点击数",
            "点击次数",
            "点击",
            "click cnt",
        )
    ),
    "conversions": Wanted(
        (
            "conversions",
            "conversion",
            "conv",
            "metrics.conversions",
            "purchases",
            "website purchases",
            "orders",
            "转化数",
            "转化量",
            "转化",
            "总成交笔数",
            "成交笔数",
            "成交订单数",
            "成交订单",
            "订单数",
            "订单量",
            "广告订单",
            "convert",
            "convert cnt",
        ),
        needed=False,
    ),
    "cost": Wanted(
        (
            "cost",
            "amount spent",
            "spend",
            "spent",
            "total cost",
            "total spent",
            "media cost",
            "花费",
            "消耗",
            "消费",
            "总花费",
            "总消耗",
            "花费金额",
            "消耗金额",
            "已花费金额",
            "费用",
            "stat cost",
        ),
        needed=False,
    ),
}

SEGMENTS = {
    "segment": ("segment", "audience segment", "分群"),
    "age": ("age", "age range", "age group", "年龄", "年龄段"),
    "audience": ("audience", "audience name", "人群", "人群名称", "人群包", "受众", "定向人群"),
    "device": ("device", "device type", "impression device", "设备", "设备类型", "终端"),
    "gender": ("gender", "sex", "性别"),
    "region": ("region", "country", "country/territory", "地区", "地域", "省份", "城市", "city"),
}
